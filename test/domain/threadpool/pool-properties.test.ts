import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { NO_THREAD, PoolTask } from '../../../src/domain/threadpool/pool-task.js'
import { Pool, type PoolRules } from '../../../src/domain/threadpool/pool.js'
import { RouteCosts } from '../../../src/domain/threadpool/route-costs.js'

const ROUTES = 3
const QUICK_LATELY_MS = 1000

class Task extends PoolTask {
  /** How it ended, or came to a thread: each way once. */
  readonly fates: string[] = []
  rests = false
  isPeers = false
  wasTakenBack = false
}

type Step =
  | { readonly does: 'offer'; readonly route: number }
  | { readonly does: 'answer'; readonly pick: number; readonly costMs: number }
  | { readonly does: 'wait' | 'to-peer' | 'from-peer' | 'drop' | 'stick' | 'recover' | 'gone'; readonly pick: number }
  | { readonly does: 'pass'; readonly ms: number }

const pick = fc.nat(100)
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('offer'), route: fc.nat(ROUTES - 1) }) },
  {
    weight: 6,
    arbitrary: fc.record({ does: fc.constant('answer'), pick, costMs: fc.constantFrom(0, 0.05, 0.3, 1, 8, 500) }),
  },
  { weight: 3, arbitrary: fc.record({ does: fc.constantFrom('wait', 'to-peer', 'from-peer'), pick }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('drop', 'stick', 'recover', 'gone'), pick }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constant('pass'), ms: fc.constantFrom(1, 40, 700) }) },
)

const rules = fc.record({
  queueSize: fc.nat(6),
  maxWaitMs: fc.constantFrom(50, 2000),
  concurrency: fc.integer({ min: 1, max: 4 }),
  slots: fc.integer({ min: 4, max: 6 }),
})

/** A pool beside a plain account of what it must do, which looks at every hand-over. */
class Account {
  readonly tasks: Task[] = []
  private readonly pool: Pool<Task>
  private readonly costs = new RouteCosts(ROUTES)
  private readonly able = new Set<number>()
  private readonly stuck = new Set<number>()
  private readonly waiting = new Set<Task>()
  private readonly held = new Set<Task>()
  private nowMs = 0
  private quickOfferedMs = -Infinity
  private threadCount = 0

  constructor(
    private readonly rules: PoolRules,
    threads: number,
  ) {
    this.pool = new Pool(rules, ROUTES)
    for (let count = 0; count < threads; count++) this.addThread()
  }

  run(step: Step): void {
    switch (step.does) {
      case 'offer':
        this.offer(step.route)
        break
      case 'answer':
        this.withOne(this.held, step.pick, (task) => this.answer(task, step.costMs))
        break
      case 'wait':
        this.withOne(this.held, step.pick, (task) => this.wait(task))
        break
      case 'to-peer':
        this.withOne(this.held, step.pick, (task) => this.leave(task))
        break
      case 'from-peer':
        this.withOne(this.held, step.pick, (task) => this.goOn(task))
        break
      case 'drop':
        this.withOne(this.waiting, step.pick, (task) => this.drop(task))
        break
      case 'stick':
        this.withOne(this.able, step.pick, (thread) => this.stick(thread))
        break
      case 'recover':
        this.withOne(this.stuck, step.pick, (thread) => this.recover(thread))
        break
      case 'gone':
        this.withOne(this.threads(), step.pick, (thread) => this.lose(thread))
        break
      case 'pass':
        this.pass(step.ms)
        break
    }
    this.settle()
  }

  /** Answers all until nobody is left; those that are stuck are replaced. */
  finish(): void {
    for (const thread of [...this.stuck]) this.lose(thread)
    this.addThread()
    this.settle()
    for (let rounds = 0; this.held.size > 0; rounds++) {
      assert.isAtMost(rounds, this.tasks.length, 'nobody starves')
      for (const task of [...this.held]) this.answer(task, 5)
      this.settle()
    }
    assert.isTrue(this.pool.isIdle)
    assert.equal(this.waiting.size, 0, 'nobody waits for ever')
    for (const task of this.tasks) assert.lengthOf(task.fates, 1, `one end, not ${task.fates.join(', ')}`)
  }

  private offer(route: number): void {
    const task = new Task(route)
    this.tasks.push(task)
    const isFull = this.pool.waiting >= this.rules.queueSize
    if (this.costs.isQuick(route)) this.quickOfferedMs = this.nowMs
    if (this.pool.offer(task, this.nowMs)) {
      this.waiting.add(task)
      if (isFull) assert.equal(this.takeNext(), task, 'over the bound only what is handed over at once')
    } else {
      assert.isTrue(isFull, 'nobody is refused while there is room')
      task.fates.push('refused')
    }
  }

  private answer(task: Task, costMs: number): void {
    this.pool.finished(task, costMs)
    this.costs.record(task.route, costMs)
    this.held.delete(task)
    task.fates.push('answered')
  }

  private wait(task: Task): void {
    this.pool.waits(task)
    task.rests = true
  }

  private leave(task: Task): void {
    this.wait(task)
    this.pool.awaitsPeer(task)
    task.isPeers = true
  }

  private goOn(task: Task): void {
    this.pool.resumes(task)
    task.isPeers = false
  }

  private drop(task: Task): void {
    assert.isTrue(this.pool.drop(task))
    this.waiting.delete(task)
    task.fates.push('dropped')
  }

  /** The thread does not come back from the first of those that it holds and that does not rest. */
  private stick(thread: number): void {
    const [begun, ...unbegun] = [...this.held].filter((each) => each.thread === thread && !each.rests)
    for (const task of unbegun) {
      assert.isTrue(this.pool.takeBack(task))
      this.held.delete(task)
      this.waiting.add(task)
      task.wasTakenBack = true
    }
    this.pool.threadStuck(thread)
    this.able.delete(thread)
    this.stuck.add(thread)
    if (begun !== undefined) this.costs.record(begun.route, Infinity)
  }

  private recover(thread: number): void {
    this.pool.threadRecovered(thread)
    this.stuck.delete(thread)
    this.able.add(thread)
  }

  private lose(thread: number): void {
    const expected = [...this.held].filter((task) => task.thread === thread)
    assert.sameMembers(this.pool.removeThread(thread), expected)
    this.able.delete(thread)
    this.stuck.delete(thread)
    for (const task of expected) {
      this.held.delete(task)
      task.fates.push('lost')
    }
    this.addThread()
  }

  private pass(ms: number): void {
    this.nowMs += ms
    const expected = [...this.waiting].filter((task) => this.nowMs - task.offeredMs > this.rules.maxWaitMs)
    assert.sameMembers(this.pool.overdue(this.nowMs), expected)
    for (const task of expected) {
      this.waiting.delete(task)
      task.fates.push('overdue')
    }
  }

  private settle(): void {
    while (this.takeNext() !== null);
    const unasked = [...this.waiting].filter((task) => !task.wasTakenBack)
    assert.isAtMost(unasked.length, this.rules.queueSize, 'no more wait than may')
    assert.deepEqual([this.pool.waiting, this.pool.inFlight], [this.waiting.size, this.held.size])
    this.assertNobodyWaitsInVain()
  }

  private takeNext(): Task | null {
    const task = this.pool.next(this.nowMs)
    if (task === null) return null
    assert.isTrue(this.able.has(task.thread), 'only able threads are handed anything')
    assert.equal(task, this.oldestLike(task), 'a lane is left in order')
    if (!this.costs.isQuick(task.route)) {
      assert.notEqual(task.thread, this.keptThread(), 'no slow one to the kept thread')
      assert.isTrue(this.isFree(task.thread), 'no slow one behind another')
    }
    this.waiting.delete(task)
    this.held.add(task)
    task.rests = task.isPeers = false
    const held = this.heldBy(task.thread)
    assert.isAtMost(held.length, this.rules.slots, 'no more than a thread may hold')
    assert.isAtMost(this.at(task.thread), this.rules.concurrency, 'no more than its handlers may be at')
    return task
  }

  private assertNobodyWaitsInVain(): void {
    for (const thread of this.able) {
      if (!this.isFree(thread) || this.isFull(thread)) continue
      const waiting = [...this.waiting].filter((task) => thread !== this.keptThread() || this.costs.isQuick(task.route))
      assert.deepEqual(waiting, [], 'nobody waits while a free thread may take him')
    }
  }

  private keptThread(): number {
    const isKept = this.able.size > 1 && this.nowMs - this.quickOfferedMs < QUICK_LATELY_MS
    return isKept ? Math.min(...this.able) : NO_THREAD
  }

  private oldestLike(task: Task): Task {
    const lane = [...this.waiting].filter((each) => this.costs.isQuick(each.route) === this.costs.isQuick(task.route))
    return lane.reduce((oldest, each) => (each.sequence < oldest.sequence ? each : oldest))
  }

  private heldBy(thread: number): Task[] {
    return [...this.held].filter((task) => task.thread === thread)
  }

  /** How many its handlers are at, and do not leave to their peers. */
  private at(thread: number): number {
    return this.heldBy(thread).filter((task) => !task.isPeers).length
  }

  private isFull(thread: number): boolean {
    return this.at(thread) >= this.rules.concurrency || this.heldBy(thread).length >= this.rules.slots
  }

  private isFree(thread: number): boolean {
    return this.heldBy(thread).every((task) => task.rests)
  }

  private threads(): Set<number> {
    return new Set([...this.able, ...this.stuck])
  }

  private addThread(): void {
    this.pool.addThread(this.threadCount)
    this.able.add(this.threadCount++)
  }

  private withOne<Thing>(things: ReadonlySet<Thing>, number: number, act: (thing: Thing) => void): void {
    if (things.size > 0) act([...things][number % things.size]!)
  }
}

describe('Pool: what always holds', () => {
  it('keeps its bounds and orders, leaves nobody waiting in vain, and ends every request once', () => {
    fc.assert(
      fc.property(rules, fc.nat(4), fc.array(step, { maxLength: 120 }), (bounds, threads, steps) => {
        const account = new Account(bounds, threads)
        for (const each of steps) account.run(each)
        account.finish()
      }),
      { numRuns: 400 },
    )
  })
})
