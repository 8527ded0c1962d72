import { RESTART_RULES, RestartBackOff, type RestartRules } from '../../domain/workers/restart-back-off.js'
import type { DrainReport } from '../../domain/lifecycle/drain.js'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { EventLog, Facts } from '../../ports/operations/event-log.js'
import type { WorkersMetrics } from '../../ports/operations/metrics.js'
import type { ProcessEnd } from '../../ports/workers/worker-processes.js'
import { messageOf } from '../message-of.js'
import type { WorkerHandle } from './worker-handle.js'

/** One slot: the worker in it, the worker that will replace it, and the timer of the next attempt to fill it. */
class WorkerSlot {
  worker: WorkerHandle | null = null
  /** Replaces the worker as soon as it is ready. */
  successor: WorkerHandle | null = null
  nextAttempt: Stoppable | null = null
  readonly restarts: RestartBackOff
  isLooping = false
  /** The drain report of the last worker, if it drained unasked by the supervisor and has not been replaced yet. */
  report: DrainReport | null = null

  /** @param number from 1 */
  constructor(
    readonly number: number,
    rules: RestartRules,
  ) {
    this.restarts = new RestartBackOff(rules)
  }
}

/** Starts a process for the worker with this number. */
export type Spawn = (worker: number) => WorkerHandle

/** The collaborators of `WorkerSlots`. */
export interface WorkerSlotsParts {
  readonly clock: Clock
  readonly log: EventLog
  readonly spawn: Spawn
  /** Retires a worker whose successor is ready, or whose slot was removed. */
  retire(worker: WorkerHandle): void
  readonly restartRules?: RestartRules
}

/**
 * Keeps one worker in each slot. A worker that dies is replaced after a delay, which grows when its successors die young
 * as well. A worker that runs is retired only when its successor is ready, or when its slot is removed.
 */
export class WorkerSlots {
  private slots: WorkerSlot[] = []
  private readonly rules: RestartRules
  /** Whether empty slots are filled again: once all have been filled, until the drain. */
  private refillsEmptySlots = false
  private isClosed = false
  private readonly lost = { died: 0, unresponsive: 0 }

  constructor(private readonly parts: WorkerSlotsParts) {
    this.rules = parts.restartRules ?? RESTART_RULES
  }

  get size(): number {
    return this.slots.length
  }

  get workerCounts(): Pick<WorkersMetrics, 'configured' | 'ready' | 'lost'> {
    const ready = this.slots.filter(({ worker }) => worker?.state === 'ready').length
    return { configured: this.slots.length, ready, lost: { ...this.lost } }
  }

  /** Whether the workers of a slot die as soon as they have started. */
  get isLooping(): boolean {
    return this.slots.some(({ isLooping }) => isLooping)
  }

  /** The drain reports of workers that drained unasked by the supervisor and have not been replaced yet. */
  get reports(): DrainReport[] {
    return this.slots.flatMap(({ report }) => report ?? [])
  }

  /**
   * Makes this number of slots and fills them.
   *
   * @throws {Error} when a worker cannot start
   */
  async open(size: number): Promise<void> {
    this.resize(size)
    await Promise.all(this.slots.map((slot) => this.startWorkerIn(slot)))
    this.refillsEmptySlots = true
    for (const slot of this.slots) if (slot.worker === null) this.fillAfter(slot, 0)
  }

  /**
   * Replaces the worker in the first slot.
   *
   * @param spawn starts the successor, from new settings
   * @throws {Error} when the successor cannot start; then the worker stays
   */
  async replaceFirst(spawn: Spawn): Promise<void> {
    const first = this.slots[0]!
    try {
      await this.startWorkerIn(first, spawn)
    } catch (error) {
      // The worker may have died before or meanwhile.
      if (first.worker === null) this.fillAfter(first, 0)
      throw error
    }
  }

  /**
   * Replaces the workers in all slots but the first, one after the other, and adds or removes slots. When a successor
   * cannot start, its worker stays, and another attempt follows later.
   */
  async replaceOthers(size: number): Promise<void> {
    for (const slot of this.resize(size).slice(1)) if (this.refillsEmptySlots) await this.refill(slot)
  }

  /** The service drains: no slot is filled again. */
  close(): void {
    this.refillsEmptySlots = false
    this.isClosed = true
    for (const slot of this.slots) this.abandon(slot)
  }

  /**
   * A worker drains although the supervisor did not ask it to. The drain may take long: its successor starts after the
   * back-off, without waiting for the end of the drain.
   */
  drainBegan(worker: WorkerHandle): void {
    const slot = this.slotOf(worker)
    if (!this.refillsEmptySlots || slot === undefined || slot.successor !== null) return
    const { number, pid } = worker
    this.fillAfter(slot, this.recordFailure(slot, this.livedMs(worker), 'worker draining', { worker: number, pid }))
  }

  /** A worker's process has ended. */
  ended(worker: WorkerHandle, end: ProcessEnd): void {
    const slot = this.slotOf(worker)
    if (slot !== undefined) slot.worker = null
    if (!this.refillsEmptySlots || !worker.wasReady) return
    if (worker.report === null) this.workerLost(worker, end, slot)
    else if (slot !== undefined) this.workerDrained(slot, worker.report)
  }

  /** Checks whether crash loops are over; called at a short interval. */
  check(): void {
    for (const slot of this.slots) {
      if (!slot.isLooping || slot.restarts.isLooping(this.parts.clock.now())) continue
      slot.isLooping = false
      this.parts.log.info('worker recovered', { worker: slot.number })
    }
  }

  private slotOf(worker: WorkerHandle): WorkerSlot | undefined {
    return this.slots.find((slot) => slot.worker === worker)
  }

  private livedMs({ readyMs }: WorkerHandle): number {
    return this.parts.clock.now() - readyMs!
  }

  /** @param slot the slot that the worker left empty; undefined if another worker is in it or the slot was removed */
  private workerLost(worker: WorkerHandle, end: ProcessEnd, slot: WorkerSlot | undefined): void {
    const { number, pid, loss: cause } = worker
    this.lost[cause]++
    const facts = { worker: number, pid, cause, ...end }
    if (slot === undefined) return this.parts.log.warn('worker lost', facts)
    const delayMs = this.recordFailure(slot, this.livedMs(worker), 'worker lost', facts)
    if (slot.successor === null) this.fillAfter(slot, delayMs)
  }

  /** The worker of this slot has drained although the supervisor did not ask it to, before its successor was ready. */
  private workerDrained(slot: WorkerSlot, report: DrainReport): void {
    slot.report = report
    if (slot.successor === null && slot.nextAttempt === null) this.fillAfter(slot, 0)
  }

  /**
   * Starts a worker in a slot, and retires the worker that was in it. Replaces an attempt that is in progress: `abandon`
   * kills the worker that is starting, so that its `started` rejects and that call of this method throws.
   *
   * @throws {Error} when the worker cannot start, or was killed before it was ready
   */
  private async startWorkerIn(slot: WorkerSlot, spawn = this.parts.spawn): Promise<void> {
    if (this.isClosed) throw new Error(`Cannot start worker ${slot.number}: the service drains`)
    this.abandon(slot)
    const worker = spawn(slot.number)
    slot.successor = worker
    try {
      await worker.started
    } finally {
      if (slot.successor === worker) slot.successor = null
    }
    const before = slot.worker
    slot.worker = worker
    slot.report = null
    slot.restarts.started(this.parts.clock.now())
    if (before !== null) this.parts.retire(before)
  }

  /** Fills a slot now; when that fails, again later. */
  private async refill(slot: WorkerSlot): Promise<void> {
    try {
      await this.startWorkerIn(slot)
    } catch (error) {
      // Slots are no longer filled, or another attempt has begun meanwhile.
      if (!this.refillsEmptySlots || slot.successor !== null || slot.nextAttempt !== null) return
      const facts = { worker: slot.number, reason: messageOf(error) }
      this.fillAfter(slot, this.recordFailure(slot, 0, 'worker start failed', facts))
    }
  }

  private fillAfter(slot: WorkerSlot, delayMs: number): void {
    if (!this.refillsEmptySlots || !this.slots.includes(slot)) return
    slot.nextAttempt?.stop()
    slot.nextAttempt = this.parts.clock.after(delayMs, () => void this.refill(slot))
  }

  /**
   * Records that a worker failed or drained unasked: logs the event, and the begin of a crash loop.
   *
   * @returns how long to wait before the slot is filled again
   */
  private recordFailure(slot: WorkerSlot, livedMs: number, event: string, facts: Facts): number {
    const now = this.parts.clock.now()
    const backOffMs = slot.restarts.died(now, livedMs)
    const isLooping = slot.restarts.isLooping(now)
    const nextMs = isLooping ? this.rules.longestDelayMs : backOffMs
    this.parts.log.warn(event, { ...facts, nextMs })
    if (isLooping && !slot.isLooping) this.parts.log.error('worker crash loop', { ...facts, nextMs })
    slot.isLooping = isLooping
    return nextMs
  }

  /** @returns the slots that remain */
  private resize(size: number): WorkerSlot[] {
    for (let number = this.slots.length + 1; number <= size; number++)
      this.slots.push(new WorkerSlot(number, this.rules))
    for (const slot of this.slots.splice(size)) {
      this.abandon(slot)
      if (slot.worker !== null) this.parts.retire(slot.worker)
    }
    return this.slots
  }

  /** Cancels the attempt to fill a slot, whether it waits or has started a process. */
  private abandon(slot: WorkerSlot): void {
    slot.nextAttempt?.stop()
    slot.nextAttempt = null
    slot.successor?.kill()
    slot.successor = null
  }
}
