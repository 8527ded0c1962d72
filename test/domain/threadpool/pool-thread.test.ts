import { assert } from 'chai'
import { describe, it } from 'mocha'
import { PoolTask } from '../../../src/domain/threadpool/pool-task.js'
import { PoolThread } from '../../../src/domain/threadpool/pool-thread.js'

class Task extends PoolTask {}

const BOUNDS = { concurrency: 2, slots: 3 }

/** A thread that was handed tasks of these weights. */
function threadWith(...weightsMs: number[]): { thread: PoolThread<Task>; tasks: Task[] } {
  const thread = new PoolThread<Task>(1)
  const tasks = weightsMs.map((weightMs) => {
    const task = new Task(0)
    thread.assign(task, weightMs)
    return task
  })
  return { thread, tasks }
}

describe('PoolThread', () => {
  const cases: [weights: number[], weightMs: number, hasRoom: boolean, rule: string][] = [
    [[], 50, true, 'anything is handed to a thread whose loop is free'],
    [[0.4], 0.6, true, 'quick ones share a thread, up to 1 ms in sum'],
    [[0.4], 0.7, false, 'and not beyond'],
    [[5], 0.01, false, 'nothing stands behind a slow one'],
    [[0.1, 0.1], 0.1, false, 'no more than may be under way at once'],
  ]
  for (const [weights, weightMs, hasRoom, rule] of cases)
    it(rule, () => assert.equal(threadWith(...weights).thread.hasRoom(weightMs, BOUNDS), hasRoom))

  it('has room for anything when what it holds only waits', () => {
    const { thread, tasks } = threadWith(5)
    for (const times of [1, 2]) for (let time = 0; time < times; time++) thread.unblock(tasks[0]!)
    assert.isTrue(thread.hasRoom(50, BOUNDS))
  })

  it('does not count those that await their peers, but for its slots', () => {
    const { thread, tasks } = threadWith(0.1, 0.1)
    thread.setAwaitsPeer(tasks[0]!, true)
    assert.isTrue(thread.hasRoom(0.1, BOUNDS))
    const third = new Task(0)
    thread.assign(third, 0.1)
    thread.setAwaitsPeer(third, true)
    assert.isFalse(thread.hasRoom(0.1, BOUNDS), 'all slots are taken')
    thread.release(third)
    assert.isTrue(thread.hasRoom(0.1, BOUNDS))
    thread.setAwaitsPeer(tasks[0]!, false)
    assert.isFalse(thread.hasRoom(0.1, BOUNDS))
  })

  it('is less loaded with less to do, and with fewer to look after where that is the same', () => {
    const [idle, busy] = [threadWith(), threadWith(0.1)]
    assert.isTrue(idle.thread.isLessLoaded(busy.thread))
    assert.isFalse(busy.thread.isLessLoaded(idle.thread))
    busy.thread.unblock(busy.tasks[0]!)
    assert.isTrue(idle.thread.isLessLoaded(busy.thread))
    assert.isFalse(idle.thread.isLessLoaded(threadWith().thread))
  })

  it('sums drift to nothing: empty, it has no load', () => {
    const { thread, tasks } = threadWith(0.1, 0.2, 0.7)
    for (const task of tasks) thread.release(task)
    assert.isFalse(threadWith().thread.isLessLoaded(thread))
  })
})
