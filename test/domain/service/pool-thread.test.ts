import { assert } from 'chai'
import { describe, it } from 'mocha'
import { PoolTask } from '../../../src/domain/service/pool-task.js'
import { PoolThread } from '../../../src/domain/service/pool-thread.js'

class Task extends PoolTask {}

function threadWith(...weightsMs: number[]): { thread: PoolThread<Task>; tasks: Task[] } {
  const thread = new PoolThread<Task>(7)
  const tasks = weightsMs.map((weightMs) => {
    const task = new Task(0)
    thread.take(task, weightMs)
    return task
  })
  return { thread, tasks }
}

describe('PoolThread', () => {
  const cases: [heldMs: number[], weightMs: number, expected: boolean, rule: string][] = [
    [[], 100, true, 'a free thread has room for anything'],
    [[0.5], 0.5, true, 'one that is busy for what is quick with all the rest'],
    [[0.5], 0.6, false, 'and for no more'],
    [[100], 0, false, 'one with a slow request has no room'],
    [[0, 0, 0], 0, false, 'nor one that holds as many as it may'],
  ]
  for (const [heldMs, weightMs, expected, rule] of cases)
    it(rule, () => assert.equal(threadWith(...heldMs).thread.hasRoom(weightMs, 3), expected))

  it('has no load at all when it is free again, whatever fractions came and went', () => {
    const { thread, tasks } = threadWith(0.1, 0.2, 0.3)
    for (const task of tasks) thread.release(task)
    assert.equal(thread.loadMs, 0)
  })
})
