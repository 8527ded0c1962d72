import { assert } from 'chai'
import { describe, it } from 'mocha'
import { PoolTask } from '../../../src/domain/threadpool/pool-task.js'
import { PoolThread } from '../../../src/domain/threadpool/pool-thread.js'

class Task extends PoolTask {}

const BOUNDS = { concurrency: 2, slots: 3 }

/** A thread with tasks that are expected to take these times. */
function threadWith(...expectedMs: number[]): { thread: PoolThread<Task>; tasks: Task[] } {
  const thread = new PoolThread<Task>(1)
  const tasks = expectedMs.map((ms) => {
    const task = new Task(0)
    thread.assign(task, ms)
    return task
  })
  return { thread, tasks }
}

describe('PoolThread', () => {
  const cases: [assignedMs: number[], expectedMs: number, hasRoom: boolean, rule: string][] = [
    [[], 50, true, 'a thread whose event loop is free has room for any request'],
    [[0.4], 0.6, true, 'quick requests share a thread, up to a total of 1 ms'],
    [[0.4], 0.7, false, 'a total over 1 ms is too much'],
    [[5], 0.01, false, 'no request waits in a thread for a slow one'],
    [[0.1, 0.1], 0.1, false, 'the concurrency is a limit, however quick the requests are'],
  ]
  for (const [assignedMs, expectedMs, hasRoom, rule] of cases)
    it(rule, () => assert.equal(threadWith(...assignedMs).thread.hasRoom(expectedMs, BOUNDS), hasRoom))

  it('has room for any request when its own requests only wait', () => {
    const { thread, tasks } = threadWith(5)
    for (const times of [1, 2]) for (let time = 0; time < times; time++) thread.unblock(tasks[0]!)
    assert.isTrue(thread.hasRoom(50, BOUNDS))
  })

  it('counts requests that await their peers against the slots only', () => {
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

  it('is less loaded with less expected time, or with fewer requests at the same expected time', () => {
    const [idle, busy] = [threadWith(), threadWith(0.1)]
    assert.isTrue(idle.thread.isLessLoaded(busy.thread))
    assert.isFalse(busy.thread.isLessLoaded(idle.thread))
    busy.thread.unblock(busy.tasks[0]!)
    assert.isTrue(idle.thread.isLessLoaded(busy.thread))
    assert.isFalse(idle.thread.isLessLoaded(threadWith().thread))
  })

  it('has a load of exactly 0 when it is empty, despite rounding errors', () => {
    const { thread, tasks } = threadWith(0.1, 0.2, 0.7)
    for (const task of tasks) thread.release(task)
    assert.isFalse(threadWith().thread.isLessLoaded(thread))
  })
})
