import { assert } from 'chai'
import { describe, it } from 'mocha'
import { NO_THREAD, PoolTask } from '../../../src/domain/threadpool/pool-task.js'
import { Pool, type PoolRules } from '../../../src/domain/threadpool/pool.js'

/** Routes by what they cost: next to nothing, more than half of what is quick, a lot, nobody knows yet. */
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

/** A pool whose routes cost what their letters say; nothing was offered for a long while. */
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
  assert.equal(pool.next(-10_000), task)
  pool.finished(task, costMs)
}

function withThreads(count: number, rules: Partial<PoolRules> = {}): Pool<Task> {
  const pool = experienced(rules)
  for (let number = 0; number < count; number++) pool.addThread(number)
  return pool
}

/** All that is handed over now, such as `q1>0`: the first task, of a quick route, to thread 0. */
function handOvers(pool: Pool<Task>, nowMs = 0): string[] {
  const handed: string[] = []
  for (let task = pool.next(nowMs); task !== null; task = pool.next(nowMs)) handed.push(`${task.text}>${task.thread}`)
  return handed
}

interface Offered {
  readonly tasks: readonly Task[]
  readonly handed: readonly string[]
  readonly refused: readonly string[]
}

/** Offers tasks of these routes, one after the other, and hands over what can be. */
function offer(pool: Pool<Task>, letters: string, nowMs = 0): Offered {
  const tasks = [...letters].map((letter, at) => new Task(letter as Letter, at + 1))
  const handed: string[] = []
  const refused: string[] = []
  for (const task of tasks) {
    if (!pool.offer(task, nowMs)) refused.push(task.text)
    handed.push(...handOvers(pool, nowMs))
  }
  return { tasks, handed, refused }
}

function texts(tasks: readonly Task[]): string[] {
  return tasks.map((task) => task.text)
}

describe('Pool: who is handed what', () => {
  const cases: [threads: number, offered: string, handed: string, waiting: number, rule: string][] = [
    [0, 'q', '', 1, 'without a thread all wait'],
    [1, 's', 's1>0', 0, 'a thread that holds nothing takes a slow one'],
    [1, 'u', 'u1>0', 0, 'and one of which nothing is known'],
    [1, 'ss', 's1>0', 1, 'slow ones are handed over one at a time'],
    [1, 'uu', 'u1>0', 1, 'so are those of which nothing is known'],
    [1, 'qqq', 'q1>0 q2>0 q3>0', 0, 'quick ones share a thread'],
    [1, 'mm', 'm1>0', 1, 'as long as all of them together are quick'],
    [1, 'qqqqq', 'q1>0 q2>0 q3>0 q4>0', 1, 'and not more than a thread may hold'],
    [1, 'qs', 'q1>0', 1, 'no slow one is put behind a quick one'],
    [1, 'sq', 's1>0', 1, 'no quick one is put behind a slow one'],
    [1, 'qsq', 'q1>0', 2, 'a younger quick one leaves the loop to an older slow one'],
    [2, 'ss', 's1>0 s2>1', 0, 'slow ones go to whoever is free'],
    [2, 'mm', 'm1>0 m2>1', 0, 'the thread with the least load is preferred'],
    [3, 'mqqs', 'm1>0 q2>1 q3>2', 1, 'also among those that hold nothing'],
    [2, 'qss', 'q1>0 s2>1', 1, 'a thread is kept for quick ones while they come'],
    [2, 'quu', 'q1>0 u2>1', 1, 'from those of which nothing is known, too'],
    [2, 'qssq', 'q1>0 s2>1 q4>0', 1, 'so that a quick one passes the slow ones that wait'],
    [1, 'qss', 'q1>0', 2, 'the last thread takes both'],
  ]
  for (const [threads, offered, handed, waiting, rule] of cases) {
    it(rule, () => {
      const pool = withThreads(threads)
      assert.equal(offer(pool, offered).handed.join(' '), handed)
      assert.equal(pool.waiting, waiting)
      assert.equal(pool.inFlight, offered.length - waiting)
    })
  }

  it('hands over the oldest of both lanes first', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'sqsq')
    pool.finished(tasks[0]!, 5)
    assert.deepEqual(handOvers(pool), ['q2>0'])
    pool.finished(tasks[1]!, 0.01)
    assert.deepEqual(handOvers(pool), ['s3>0'])
  })

  it('does not keep a thread when no quick one has come for a second', () => {
    const pool = withThreads(2)
    const { tasks } = offer(pool, 'qss')
    pool.finished(tasks[0]!, 0.01)
    assert.deepEqual(handOvers(pool, 999), [])
    assert.deepEqual(handOvers(pool, 1000), ['s3>0'])
  })

  it('keeps the able thread with the lowest number, in whatever order they came', () => {
    const pool = experienced()
    for (const number of [7, 3, 5]) pool.addThread(number)
    assert.deepEqual(offer(pool, 'qsss').handed, ['q1>3', 's2>5', 's3>7'])
  })

  it('hands a slow one to a thread whose handlers only wait, up to what one may hold', () => {
    const pool = withThreads(1, { concurrency: 3 })
    const { tasks } = offer(pool, 'usss')
    const handed = tasks.map((task) => {
      pool.waits(task)
      return handOvers(pool).join(' ')
    })
    assert.deepEqual(handed, ['s2>0', 's3>0', '', ''])
    pool.finished(tasks[0]!, 5)
    assert.deepEqual(handOvers(pool), ['s4>0'])
  })

  it('lets a handler that waits weigh nothing, however often it is told', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'mqmm')
    pool.waits(tasks[0]!)
    pool.waits(tasks[0]!)
    assert.deepEqual(handOvers(pool), ['m3>0'])
    assert.equal(pool.waiting, 1)
  })
})

describe('Pool: what a route costs', () => {
  it('takes a route for quick after a few quick answers', () => {
    const pool = withThreads(1)
    for (let times = 0; times < 4; times++) run(pool, 'u', 0.1)
    assert.deepEqual(offer(pool, 'qu').handed, ['q1>0', 'u2>0'])
  })

  it('takes a route for slow after one very slow answer, and for quick again after many quick ones', () => {
    const pool = withThreads(1)
    run(pool, 'q', 50)
    const { tasks, handed } = offer(pool, 'qq')
    assert.deepEqual(handed, ['q1>0'])
    pool.finished(tasks[0]!, 0.01)
    handOvers(pool)
    pool.finished(tasks[1]!, 0.01)
    for (let times = 0; times < 15; times++) run(pool, 'q')
    assert.deepEqual(offer(pool, 'qq').handed, ['q1>0', 'q2>0'])
  })

  it('does not hold a handler that hung once to be slow for ever', () => {
    const pool = withThreads(1)
    run(pool, 'q', 3_600_000)
    for (let times = 0; times < 25; times++) run(pool, 'q')
    assert.deepEqual(offer(pool, 'qq').handed, ['q1>0', 'q2>0'])
  })

  it('moves those that wait to the other lane when their route becomes slow', () => {
    const pool = withThreads(2)
    const { tasks, handed } = offer(pool, 'sssmmqmq')
    assert.deepEqual(handed, ['s1>0', 's2>1'])
    pool.finished(tasks[0]!, 5)
    assert.deepEqual(handOvers(pool), ['m4>0'])
    pool.finished(tasks[3]!, 50)
    assert.deepEqual(handOvers(pool), ['q6>0', 'q8>0'])
    pool.finished(tasks[1]!, 5)
    assert.deepEqual(handOvers(pool), ['s3>1'])
    pool.finished(tasks[2]!, 5)
    assert.deepEqual(handOvers(pool), ['m5>1'])
    pool.finished(tasks[4]!, 5)
    assert.deepEqual(handOvers(pool), ['m7>1'])
  })

  it('moves them back when it becomes quick, in the order of offers', () => {
    const pool = withThreads(1)
    run(pool, 'm', 3)
    const { tasks } = offer(pool, 'mqmmq')
    pool.finished(tasks[0]!, 0)
    assert.deepEqual(handOvers(pool), ['q2>0', 'm3>0'])
    pool.finished(tasks[2]!, 0)
    assert.deepEqual(handOvers(pool), ['m4>0', 'q5>0'])
  })
})

describe('Pool: room to wait', () => {
  const cases: [threads: number, queueSize: number, offered: string, refused: string, rule: string][] = [
    [1, 2, 'ssss', 's4', 'as many wait as may, the next is refused'],
    [1, 0, 'ss', 's2', 'without a queue only what can be handed over at once is taken'],
    [0, 0, 'q', 'q1', 'and nothing without a thread'],
    [2, 1, 'qssq', '', 'a full queue of slow ones does not keep a quick one from the kept thread'],
    [2, 1, 'qssqqqqq', 'q7 q8', 'until that one is full'],
    [1, 1, 'mmq', 'q3', 'nobody passes one of his own lane, even where he alone would fit'],
    [1, 2, 'sqsm', 'm4', 'both lanes share the room'],
  ]
  for (const [threads, queueSize, offered, refused, rule] of cases) {
    it(rule, () => {
      const pool = withThreads(threads, { queueSize })
      assert.equal(offer(pool, offered).refused.join(' '), refused)
      assert.isAtMost(pool.waiting, queueSize)
    })
  }

  it('gives room back when one that waits is dropped', () => {
    const pool = withThreads(1, { queueSize: 2 })
    const { tasks } = offer(pool, 'sss')
    assert.isTrue(pool.drop(tasks[1]!))
    assert.isFalse(pool.drop(tasks[1]!), 'it waits no more')
    assert.isFalse(pool.drop(tasks[0]!), 'a thread holds it')
    assert.deepEqual(offer(pool, 'q').refused, [])
    pool.finished(tasks[0]!, 5)
    assert.deepEqual(handOvers(pool), ['s3>0'])
  })

  it('gives up those that waited longer than one may, of both lanes', () => {
    const pool = withThreads(1)
    offer(pool, 's')
    offer(pool, 'qs', 10)
    offer(pool, 'q', 20)
    assert.deepEqual(texts(pool.overdue(110)), [])
    assert.deepEqual(texts(pool.overdue(111)), ['q1', 's2'])
    assert.equal(pool.waiting, 1)
    assert.deepEqual(texts(pool.overdue(121)), ['q1'])
    assert.isFalse(pool.isIdle)
  })
})

describe('Pool: requests that go on when their peers do', () => {
  it('take no place from others, up to the slots of a thread', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'qqqqqqqq')
    assert.deepEqual([pool.inFlight, pool.waiting], [4, 4])
    for (const task of tasks.slice(0, 3)) pool.awaitsPeer(task)
    assert.deepEqual(handOvers(pool), ['q5>0', 'q6>0'])
    pool.finished(tasks[0]!, 0.01)
    assert.deepEqual(handOvers(pool), ['q7>0'])
  })

  it('have their places again when they go on, however many others there are', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'qqqqqq')
    for (const times of [1, 2]) for (const task of tasks.slice(0, times)) pool.awaitsPeer(task)
    assert.deepEqual(handOvers(pool), ['q5>0', 'q6>0'])
    for (const task of tasks) pool.resumes(task)
    for (const task of tasks.slice(2, 4)) pool.finished(task, 0.01)
    assert.deepEqual(offer(pool, 'q').handed, [])
    pool.finished(tasks[0]!, 0.01)
    assert.deepEqual(handOvers(pool), ['q1>0'])
  })
})

describe('Pool: threads that come, hang and go', () => {
  it('hands nothing to a stuck thread until it has recovered', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'q')
    pool.takeBack(tasks[0]!)
    pool.threadStuck(0)
    assert.deepEqual(handOvers(pool), [])
    assert.equal(pool.threadCount, 1)
    for (const number of [0, 0, 8]) pool.threadRecovered(number)
    assert.deepEqual(handOvers(pool), ['q1>0'])
  })

  it('takes a route to be slow whose handler a thread does not come back from, not one that only waits', () => {
    const pool = withThreads(2)
    const { tasks } = offer(pool, 'qm')
    pool.waits(tasks[1]!)
    pool.threadStuck(0)
    assert.deepEqual(offer(pool, 'mq').handed, ['m1>1'], 'the quick one waits like any slow one')
  })

  it('keeps another thread for quick ones when the first is stuck, and none when only one is able', () => {
    const pool = withThreads(3)
    pool.threadStuck(0)
    const { tasks, handed } = offer(pool, 'qss')
    assert.deepEqual(handed, ['q1>1', 's2>2'])
    pool.finished(tasks[0]!, 0.01)
    assert.deepEqual(handOvers(pool), [])
    pool.threadStuck(2)
    assert.deepEqual(handOvers(pool), ['s3>1'])
  })

  it('puts what was not begun back to where it waited, however full the queue is', () => {
    const pool = withThreads(1, { queueSize: 2 })
    const { tasks } = offer(pool, 'qqq')
    offer(pool, 'ss')
    for (const task of [tasks[1]!, tasks[2]!, tasks[0]!]) assert.isTrue(pool.takeBack(task))
    pool.threadStuck(0)
    assert.deepEqual([pool.waiting, pool.inFlight, tasks[0]!.thread], [5, 0, NO_THREAD])
    assert.deepEqual(offer(pool, 's').refused, ['s1'])
    assert.isFalse(pool.takeBack(tasks[0]!), 'no thread holds it')
  })

  it('hands back what was taken back in its old order', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'qqqqqs')
    for (const at of [2, 0, 3, 1]) pool.takeBack(tasks[at]!)
    pool.threadStuck(0)
    pool.addThread(1)
    assert.deepEqual(handOvers(pool), ['q1>1', 'q2>1', 'q3>1', 'q4>1'])
  })

  it('counts the time that one waited before it was taken back', () => {
    const pool = withThreads(1)
    const { tasks } = offer(pool, 'q')
    pool.takeBack(tasks[0]!)
    pool.threadStuck(0)
    assert.deepEqual(texts(pool.overdue(101)), ['q1'])
  })

  it('names what a thread that is gone held, and goes on with the others', () => {
    const pool = withThreads(2)
    const { tasks } = offer(pool, 'qqs')
    assert.deepEqual(texts(pool.removeThread(tasks[0]!.thread)), ['q1'])
    assert.deepEqual([pool.threadCount, pool.inFlight], [1, 1])
    pool.finished(tasks[1]!, 0.01)
    assert.deepEqual(handOvers(pool), ['s3>1'])
    assert.deepEqual(texts(pool.removeThread(0)), [], 'it was gone before')
  })

  it('lets an answer be that comes for what no thread holds', () => {
    const pool = withThreads(2)
    const { tasks } = offer(pool, 'q')
    pool.removeThread(0)
    pool.finished(tasks[0]!, 0.01)
    pool.waits(tasks[0]!)
    assert.isTrue(pool.isIdle)
  })
})
