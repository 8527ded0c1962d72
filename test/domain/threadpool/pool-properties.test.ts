import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { NO_THREAD, PoolTask } from '../../../src/domain/threadpool/pool-task.js'
import { Pool, type PoolRules } from '../../../src/domain/threadpool/pool.js'
import { RouteCosts } from '../../../src/domain/threadpool/route-costs.js'

const ROUTES = 3
const RESERVATION_MS = 1000

class Task extends PoolTask {
  /** Each way in which the request ended; there must be exactly one. */
  readonly ends: string[] = []
  isWaiting = false
  awaitsItsPeer = false
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

/** A model of the pool in its simplest form, which checks every assignment of the real pool against its own state. */
class PoolModel {
  readonly tasks: Task[] = []
  private readonly pool: Pool<Task>
  private readonly costs = new RouteCosts(ROUTES)
  private readonly available = new Set<number>()
  private readonly stuck = new Set<number>()
  private readonly waiting = new Set<Task>()
  private readonly assigned = new Set<Task>()
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
        this.withOne(this.assigned, step.pick, (task) => this.answer(task, step.costMs))
        break
      case 'wait':
        this.withOne(this.assigned, step.pick, (task) => this.wait(task))
        break
      case 'to-peer':
        this.withOne(this.assigned, step.pick, (task) => this.leave(task))
        break
      case 'from-peer':
        this.withOne(this.assigned, step.pick, (task) => this.goOn(task))
        break
      case 'drop':
        this.withOne(this.waiting, step.pick, (task) => this.drop(task))
        break
      case 'stick':
        this.withOne(this.available, step.pick, (thread) => this.stick(thread))
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

  /** Replaces stuck threads and answers requests until all are finished. */
  finish(): void {
    for (const thread of [...this.stuck]) this.lose(thread)
    this.addThread()
    this.settle()
    for (let rounds = 0; this.assigned.size > 0; rounds++) {
      assert.isAtMost(rounds, this.tasks.length, 'no request starves')
      for (const task of [...this.assigned]) this.answer(task, 5)
      this.settle()
    }
    assert.isTrue(this.pool.isIdle)
    assert.equal(this.waiting.size, 0, 'no request waits forever')
    for (const task of this.tasks) assert.lengthOf(task.ends, 1, `one end, not ${task.ends.join(', ')}`)
  }

  private offer(route: number): void {
    const task = new Task(route)
    this.tasks.push(task)
    const isFull = this.pool.queued >= this.rules.queueSize
    if (this.costs.isQuick(route)) this.quickOfferedMs = this.nowMs
    if (this.pool.offer(task, this.nowMs)) {
      this.waiting.add(task)
      if (isFull)
        assert.equal(
          this.takeNext(),
          task,
          'a request beyond the queue size is accepted only if it is assigned at once',
        )
    } else {
      assert.isTrue(isFull, 'no request is refused while there is room')
      task.ends.push('refused')
    }
  }

  private answer(task: Task, costMs: number): void {
    this.pool.finished(task, costMs)
    this.costs.record(task.route, costMs)
    this.assigned.delete(task)
    task.ends.push('answered')
  }

  private wait(task: Task): void {
    this.pool.yielded(task)
    task.isWaiting = true
  }

  private leave(task: Task): void {
    this.wait(task)
    this.pool.awaitsPeer(task)
    task.awaitsItsPeer = true
  }

  private goOn(task: Task): void {
    this.pool.resumes(task)
    task.awaitsItsPeer = false
  }

  private drop(task: Task): void {
    assert.isTrue(this.pool.drop(task))
    this.waiting.delete(task)
    task.ends.push('dropped')
  }

  /** The thread is stuck in the first of its requests that does not only wait; it never begins the ones after it. */
  private stick(thread: number): void {
    const [begun, ...unbegun] = [...this.assigned].filter((each) => each.thread === thread && !each.isWaiting)
    for (const task of unbegun) {
      assert.isTrue(this.pool.takeBack(task))
      this.assigned.delete(task)
      this.waiting.add(task)
      task.wasTakenBack = true
    }
    this.pool.threadStuck(thread)
    this.available.delete(thread)
    this.stuck.add(thread)
    if (begun !== undefined) this.costs.record(begun.route, Infinity)
  }

  private recover(thread: number): void {
    this.pool.threadRecovered(thread)
    this.stuck.delete(thread)
    this.available.add(thread)
  }

  private lose(thread: number): void {
    const expected = [...this.assigned].filter((task) => task.thread === thread)
    assert.sameMembers(this.pool.removeThread(thread), expected)
    this.available.delete(thread)
    this.stuck.delete(thread)
    for (const task of expected) {
      this.assigned.delete(task)
      task.ends.push('lost')
    }
    this.addThread()
  }

  private pass(ms: number): void {
    this.nowMs += ms
    const expected = [...this.waiting].filter((task) => this.nowMs - task.offeredMs > this.rules.maxWaitMs)
    assert.sameMembers(this.pool.takeOverdue(this.nowMs), expected)
    for (const task of expected) {
      this.waiting.delete(task)
      task.ends.push('overdue')
    }
  }

  private settle(): void {
    while (this.takeNext() !== null);
    const queued = [...this.waiting].filter((task) => !task.wasTakenBack)
    assert.isAtMost(queued.length, this.rules.queueSize, 'the queue is not exceeded')
    assert.deepEqual([this.pool.queued, this.pool.inFlight], [this.waiting.size, this.assigned.size])
    this.assertNoNeedlessWait()
  }

  private takeNext(): Task | null {
    const task = this.pool.assignNext(this.nowMs)
    if (task === null) return null
    assert.isTrue(this.available.has(task.thread), 'only available threads get requests')
    assert.equal(task, this.oldestOfQueueOf(task), 'each queue is processed in order')
    if (!this.costs.isQuick(task.route)) {
      assert.notEqual(task.thread, this.reservedThread(), 'no slow request gets the reserved thread')
      assert.isTrue(this.isFree(task.thread), 'no slow request gets a busy thread')
    }
    this.waiting.delete(task)
    this.assigned.add(task)
    task.isWaiting = task.awaitsItsPeer = false
    const tasks = this.tasksOf(task.thread)
    assert.isAtMost(tasks.length, this.rules.slots, 'no thread has more requests than slots')
    assert.isAtMost(this.activeCount(task.thread), this.rules.concurrency, 'no thread exceeds its concurrency')
    return task
  }

  private assertNoNeedlessWait(): void {
    for (const thread of this.available) {
      if (!this.isFree(thread) || this.isFull(thread)) continue
      const waiting = [...this.waiting].filter(
        (task) => thread !== this.reservedThread() || this.costs.isQuick(task.route),
      )
      assert.deepEqual(waiting, [], 'no request waits while a free thread could take it')
    }
  }

  private reservedThread(): number {
    const isReserved = this.available.size > 1 && this.nowMs - this.quickOfferedMs < RESERVATION_MS
    return isReserved ? Math.min(...this.available) : NO_THREAD
  }

  private oldestOfQueueOf(task: Task): Task {
    const queue = [...this.waiting].filter((each) => this.costs.isQuick(each.route) === this.costs.isQuick(task.route))
    return queue.reduce((oldest, each) => (each.sequence < oldest.sequence ? each : oldest))
  }

  private tasksOf(thread: number): Task[] {
    return [...this.assigned].filter((task) => task.thread === thread)
  }

  /** The number of requests that count against the concurrency. */
  private activeCount(thread: number): number {
    return this.tasksOf(thread).filter((task) => !task.awaitsItsPeer).length
  }

  private isFull(thread: number): boolean {
    return this.activeCount(thread) >= this.rules.concurrency || this.tasksOf(thread).length >= this.rules.slots
  }

  private isFree(thread: number): boolean {
    return this.tasksOf(thread).every((task) => task.isWaiting)
  }

  private threads(): Set<number> {
    return new Set([...this.available, ...this.stuck])
  }

  private addThread(): void {
    this.pool.addThread(this.threadCount)
    this.available.add(this.threadCount++)
  }

  private withOne<Thing>(things: ReadonlySet<Thing>, number: number, act: (thing: Thing) => void): void {
    if (things.size > 0) act([...things][number % things.size]!)
  }
}

describe('Pool: invariants', () => {
  it('keeps its limits and the order of requests, lets none wait needlessly, and ends each exactly once', () => {
    fc.assert(
      fc.property(rules, fc.nat(4), fc.array(step, { maxLength: 120 }), (bounds, threads, steps) => {
        const model = new PoolModel(bounds, threads)
        for (const each of steps) model.run(each)
        model.finish()
      }),
      { numRuns: 400 },
    )
  })
})
