import { assert } from 'chai'
import { describe, it } from 'mocha'
import { NO_THREAD, PoolTask } from '../../../src/domain/threadpool/pool-task.js'
import { Pool, type PoolRules } from '../../../src/domain/threadpool/pool.js'

/** Routes by their cost: nearly nothing, more than half of the limit for quick requests, a lot, unknown. */
const ROUTES = { q: 0, m: 1, s: 2, u: 3 }
const COSTS_MS = [0.01, 0.6, 5]
type Letter = keyof typeof ROUTES

const RULES: PoolRules = { queueSize: 10, maxWaitMs: 100, concurrency: 4, slots: 6 }

class Task extends PoolTask {
  constructor(
    readonly letter: Letter,
    readonly number: number,
  ) {
    super(ROUTES[letter])
  }

  get text(): string {
    return `${this.letter}${this.number}`
  }
}

/** A pool that has learned the costs of its routes. The latest offer was long ago. */
function experienced(rules: Partial<PoolRules> = {}): Pool<Task> {
  const pool = new Pool<Task>({ ...RULES, ...rules }, 4)
  pool.addThread(99)
  for (const letter of ['q', 'm', 's'] as const) for (let times = 0; times < 50; times++) run(pool, letter)
  pool.removeThread(99)
  return pool
}

function run(pool: Pool<Task>, letter: Letter, costMs = COSTS_MS[ROUTES[letter]]!): void {
  const task = new Task(letter, 0)
  pool.offer(task, -10_000)
  assert.equal(pool.assignNext(-10_000), task)
  pool.finished(task, costMs)
}

function withThreads(count: number, rules: Partial<PoolRules> = {}): Pool<Task> {
  const pool = experienced(rules)
  for (let number = 0; number < count; number++) pool.addThread(number)
  return pool
}

/** The requests that are assigned now, such as `q1>0`: the first task, of a quick route, to thread 0. */
function assignments(pool: Pool<Task>, nowMs = 0): string[] {
  const assigned: string[] = []
  for (let task = pool.assignNext(nowMs); task !== null; task = pool.assignNext(nowMs))
    assigned.push(`${task.text}>${task.thread}`)
  return assigned
}

interface Offered {
  readonly tasks: readonly Task[]
  readonly assigned: readonly string[]
  readonly refused: readonly string[]
}

/** Offers tasks of these routes, one after the other, and assigns as many as possible after each. */
function offer(pool: Pool<Task>, letters: string, nowMs = 0): Offered {
  const tasks = [...letters].map((letter, at) => new Task(letter as Letter, at + 1))
  const assigned: string[] = []
  const refused: string[] = []
  for (const task of tasks) {
    if (!pool.offer(task, nowMs)) refused.push(task.text)
    assigned.push(...assignments(pool, nowMs))
  }
  return { tasks, assigned, refused }
}

function texts(tasks: readonly Task[]): string[] {
  return tasks.map((task) => task.text)
}

describe('Pool: which thread gets a request', () => {
  const cases: [threads: number, offered: string, assigned: string, waiting: number, rule: string][] = [
    [0, 'q', '', 1, 'without a thread all requests wait'],
    [1, 's', 's1>0', 0, 'a thread without requests takes a slow one'],
    [1, 'u', 'u1>0', 0, 'a thread without requests takes one of unknown cost'],
    [1, 'ss', 's1>0', 1, 'slow requests are assigned to a thread one at a time'],
    [1, 'uu', 'u1>0', 1, 'requests of unknown cost are assigned to a thread one at a time'],
    [1, 'qqq', 'q1>0 q2>0 q3>0', 0, 'quick requests share a thread'],
    [1, 'mm', 'm1>0', 1, 'quick requests share a thread only while their total is quick'],
    [1, 'qqqqq', 'q1>0 q2>0 q3>0 q4>0', 1, 'a thread gets no more quick requests than its concurrency'],
    [1, 'qs', 'q1>0', 1, 'no slow request is assigned to a thread with a quick one'],
    [1, 'sq', 's1>0', 1, 'no quick request is assigned to a thread with a slow one'],
    [1, 'qsq', 'q1>0', 2, 'a younger quick request leaves the event loop to an older slow one'],
    [2, 'ss', 's1>0 s2>1', 0, 'each slow request gets a free thread'],
    [2, 'mm', 'm1>0 m2>1', 0, 'the thread with the least load is preferred'],
    [3, 'mqqs', 'm1>0 q2>1 q3>2', 1, 'a thread without requests is preferred'],
    [2, 'qss', 'q1>0 s2>1', 1, 'a thread is reserved for quick requests while they arrive'],
    [2, 'quu', 'q1>0 u2>1', 1, 'requests of unknown cost do not get the reserved thread either'],
    [2, 'qssq', 'q1>0 s2>1 q4>0', 1, 'a quick request on the reserved thread overtakes the slow ones that wait'],
    [1, 'qss', 'q1>0', 2, 'an only thread takes quick and slow requests'],
  ]
  for (const [threads, offered, assigned, waiting, rule] of cases) {
    it(rule, () => {
      const pool = withThreads(threads)
      assert.equal(offer(pool, offered).assigned.join(' '), assigned)
      assert.equal(pool.queued, waiting)
      assert.equal(pool.inFlight, offered.length - waiting)
    })
  }

  it('assigns the oldest request of both queues first', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'sqsq')
    pool.finished(tasks[0]!, 5)
    assert.deepEqual(assignments(pool), ['q2>0'])
    pool.finished(tasks[1]!, 0.01)
    assert.deepEqual(assignments(pool), ['s3>0'])
  })

  it('reserves no thread when no quick request was offered for a second', () => {
    const pool = withThreads(2)
    const { tasks } = offer(pool, 'qss')
    pool.finished(tasks[0]!, 0.01)
    assert.deepEqual(assignments(pool, 999), [])
    assert.deepEqual(assignments(pool, 1000), ['s3>0'])
  })

  it('reserves the available thread with the lowest number, whichever was added first', () => {
    const pool = experienced()
    for (const number of [7, 3, 5]) pool.addThread(number)
    assert.deepEqual(offer(pool, 'qsss').assigned, ['q1>3', 's2>5', 's3>7'])
  })

  it('assigns a slow request to a thread whose handlers only wait, up to its concurrency', () => {
    const pool = withThreads(1, { concurrency: 3 })
    const { tasks } = offer(pool, 'usss')
    const assigned = tasks.map((task) => {
      pool.yielded(task)
      return assignments(pool).join(' ')
    })
    assert.deepEqual(assigned, ['s2>0', 's3>0', '', ''])
    pool.finished(tasks[0]!, 5)
    assert.deepEqual(assignments(pool), ['s4>0'])
  })

  it('counts a handler that only waits as no load, even if that is reported twice', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'mqmm')
    pool.yielded(tasks[0]!)
    pool.yielded(tasks[0]!)
    assert.deepEqual(assignments(pool), ['m3>0'])
    assert.equal(pool.queued, 1)
  })
})

describe('Pool: what a route costs', () => {
  it('treats a route as quick after a few quick requests', () => {
    const pool = withThreads(1)
    for (let times = 0; times < 4; times++) run(pool, 'u', 0.1)
    assert.deepEqual(offer(pool, 'qu').assigned, ['q1>0', 'u2>0'])
  })

  it('treats a route as slow after one very slow request, and as quick again after many quick ones', () => {
    const pool = withThreads(1)
    run(pool, 'q', 50)
    const { tasks, assigned } = offer(pool, 'qq')
    assert.deepEqual(assigned, ['q1>0'])
    pool.finished(tasks[0]!, 0.01)
    assignments(pool)
    pool.finished(tasks[1]!, 0.01)
    for (let times = 0; times < 15; times++) run(pool, 'q')
    assert.deepEqual(offer(pool, 'qq').assigned, ['q1>0', 'q2>0'])
  })

  it('does not treat a route as slow permanently because its handler hung once', () => {
    const pool = withThreads(1)
    run(pool, 'q', 3_600_000)
    for (let times = 0; times < 25; times++) run(pool, 'q')
    assert.deepEqual(offer(pool, 'qq').assigned, ['q1>0', 'q2>0'])
  })

  it('moves waiting requests to the slow queue when their route becomes slow', () => {
    const pool = withThreads(2)
    const { tasks, assigned } = offer(pool, 'sssmmqmq')
    assert.deepEqual(assigned, ['s1>0', 's2>1'])
    pool.finished(tasks[0]!, 5)
    assert.deepEqual(assignments(pool), ['m4>0'])
    pool.finished(tasks[3]!, 50)
    assert.deepEqual(assignments(pool), ['q6>0', 'q8>0'])
    pool.finished(tasks[1]!, 5)
    assert.deepEqual(assignments(pool), ['s3>1'])
    pool.finished(tasks[2]!, 5)
    assert.deepEqual(assignments(pool), ['m5>1'])
    pool.finished(tasks[4]!, 5)
    assert.deepEqual(assignments(pool), ['m7>1'])
  })

  it('moves them to the quick queue when their route becomes quick, in the order of offers', () => {
    const pool = withThreads(1)
    run(pool, 'm', 3)
    const { tasks } = offer(pool, 'mqmmq')
    pool.finished(tasks[0]!, 0)
    assert.deepEqual(assignments(pool), ['q2>0', 'm3>0'])
    pool.finished(tasks[2]!, 0)
    assert.deepEqual(assignments(pool), ['m4>0', 'q5>0'])
  })
})

describe('Pool: room to wait', () => {
  const cases: [threads: number, queueSize: number, offered: string, refused: string, rule: string][] = [
    [1, 2, 'ssss', 's4', 'a request is refused when the queue is full'],
    [1, 0, 'ss', 's2', 'without a queue only requests that can be assigned at once are accepted'],
    [0, 0, 'q', 'q1', 'without a queue and a thread no request is accepted'],
    [2, 1, 'qssq', '', 'a quick request gets the reserved thread although the queue is full of slow ones'],
    [2, 1, 'qssqqqqq', 'q7 q8', 'quick requests are refused when the reserved thread is full'],
    [1, 1, 'mmq', 'q3', 'no request overtakes another of its queue, even if only the second would fit'],
    [1, 2, 'sqsm', 'm4', 'both queues share the room'],
  ]
  for (const [threads, queueSize, offered, refused, rule] of cases) {
    it(rule, () => {
      const pool = withThreads(threads, { queueSize })
      assert.equal(offer(pool, offered).refused.join(' '), refused)
      assert.isAtMost(pool.queued, queueSize)
    })
  }

  it('has room again when a waiting request is dropped', () => {
    const pool = withThreads(1, { queueSize: 2 })
    const { tasks } = offer(pool, 'sss')
    assert.isTrue(pool.drop(tasks[1]!))
    assert.isFalse(pool.drop(tasks[1]!), 'it does not wait any more')
    assert.isFalse(pool.drop(tasks[0]!), 'it is assigned to a thread')
    assert.deepEqual(offer(pool, 'q').refused, [])
    pool.finished(tasks[0]!, 5)
    assert.deepEqual(assignments(pool), ['s3>0'])
  })

  it('removes the requests of both queues that have waited too long', () => {
    const pool = withThreads(1)
    offer(pool, 's')
    offer(pool, 'qs', 10)
    offer(pool, 'q', 20)
    assert.deepEqual(texts(pool.takeOverdue(110)), [])
    assert.deepEqual(texts(pool.takeOverdue(111)), ['q1', 's2'])
    assert.equal(pool.queued, 1)
    assert.deepEqual(texts(pool.takeOverdue(121)), ['q1'])
    assert.isFalse(pool.isIdle)
  })
})

describe('Pool: requests that await their peers', () => {
  it('do not count against the concurrency, only against the slots of a thread', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'qqqqqqqq')
    assert.deepEqual([pool.inFlight, pool.queued], [4, 4])
    for (const task of tasks.slice(0, 3)) pool.awaitsPeer(task)
    assert.deepEqual(assignments(pool), ['q5>0', 'q6>0'])
    pool.finished(tasks[0]!, 0.01)
    assert.deepEqual(assignments(pool), ['q7>0'])
  })

  it('count against the concurrency again when they resume, even if that exceeds it', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'qqqqqq')
    for (const times of [1, 2]) for (const task of tasks.slice(0, times)) pool.awaitsPeer(task)
    assert.deepEqual(assignments(pool), ['q5>0', 'q6>0'])
    for (const task of tasks) pool.resumes(task)
    for (const task of tasks.slice(2, 4)) pool.finished(task, 0.01)
    assert.deepEqual(offer(pool, 'q').assigned, [])
    pool.finished(tasks[0]!, 0.01)
    assert.deepEqual(assignments(pool), ['q1>0'])
  })
})

describe('Pool: threads that are added, get stuck and are removed', () => {
  it('assigns nothing to a stuck thread until it has recovered', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'q')
    pool.takeBack(tasks[0]!)
    pool.threadStuck(0)
    assert.deepEqual(assignments(pool), [])
    assert.equal(pool.threadCount, 1)
    for (const number of [0, 0, 8]) pool.threadRecovered(number)
    assert.deepEqual(assignments(pool), ['q1>0'])
  })

  it('treats the routes of the requests that may block a stuck thread as slow, but not of those that only wait', () => {
    const pool = withThreads(2)
    const { tasks } = offer(pool, 'qm')
    pool.yielded(tasks[1]!)
    pool.threadStuck(0)
    assert.deepEqual(offer(pool, 'mq').assigned, ['m1>1'], 'the quick request waits like any slow one')
  })

  it('reserves another thread when the first is stuck, and none when only one is available', () => {
    const pool = withThreads(3)
    pool.threadStuck(0)
    const { tasks, assigned } = offer(pool, 'qss')
    assert.deepEqual(assigned, ['q1>1', 's2>2'])
    pool.finished(tasks[0]!, 0.01)
    assert.deepEqual(assignments(pool), [])
    pool.threadStuck(2)
    assert.deepEqual(assignments(pool), ['s3>1'])
  })

  it('returns a request that was not begun to its position in the queue, even if the queue is full', () => {
    const pool = withThreads(1, { queueSize: 2 })
    const { tasks } = offer(pool, 'qqq')
    offer(pool, 'ss')
    for (const task of [tasks[1]!, tasks[2]!, tasks[0]!]) assert.isTrue(pool.takeBack(task))
    pool.threadStuck(0)
    assert.deepEqual([pool.queued, pool.inFlight, tasks[0]!.thread], [5, 0, NO_THREAD])
    assert.deepEqual(offer(pool, 's').refused, ['s1'])
    assert.isFalse(pool.takeBack(tasks[0]!), 'it is assigned to no thread')
  })

  it('assigns requests that were taken back in their old order', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'qqqqqs')
    for (const at of [2, 0, 3, 1]) pool.takeBack(tasks[at]!)
    pool.threadStuck(0)
    pool.addThread(1)
    assert.deepEqual(assignments(pool), ['q1>1', 'q2>1', 'q3>1', 'q4>1'])
  })

  it('counts the waiting time of a request from before it was taken back', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'q')
    pool.takeBack(tasks[0]!)
    pool.threadStuck(0)
    assert.deepEqual(texts(pool.takeOverdue(101)), ['q1'])
  })

  it('returns the requests of a removed thread, and continues with the other threads', () => {
    const pool = withThreads(2)
    const { tasks } = offer(pool, 'qqs')
    assert.deepEqual(texts(pool.removeThread(tasks[0]!.thread)), ['q1'])
    assert.deepEqual([pool.threadCount, pool.inFlight], [1, 1])
    pool.finished(tasks[1]!, 0.01)
    assert.deepEqual(assignments(pool), ['s3>1'])
    assert.deepEqual(texts(pool.removeThread(0)), [], 'it was removed before')
  })

  it('ignores an answer to a request that is assigned to no thread', () => {
    const pool = withThreads(2)
    const { tasks } = offer(pool, 'q')
    pool.removeThread(0)
    pool.finished(tasks[0]!, 0.01)
    pool.yielded(tasks[0]!)
    assert.isTrue(pool.isIdle)
  })
})
