import { RESTART_RULES, RestartBackOff } from '../../domain/workers/restart-back-off.js'
import type { DrainReport } from '../../domain/lifecycle/drain.js'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { EventLog, Facts } from '../../ports/operations/event-log.js'
import type { WorkersMetrics } from '../../ports/operations/metrics.js'
import type { ProcessEnd } from '../../ports/workers/worker-processes.js'
import { messageOf } from '../message-of.js'
import type { WorkerHandle } from './worker-handle.js'

/** A worker's place in the crew: who is in it, who is to follow, and when it is filled again. */
class WorkerSlot {
  member: WorkerHandle | null = null
  /** Takes the member's place when it is ready. */
  successor: WorkerHandle | null = null
  due: Stoppable | null = null
  readonly restarts = new RestartBackOff()
  isLooping = false
  /** What the drain of the last member came to, of one that drained by itself. */
  report: DrainReport | null = null

  /** @param number from 1 */
  constructor(readonly number: number) {}
}

/** Starts a process for the worker of a number. */
export type Spawn = (worker: number) => WorkerHandle

/** What the slots asks of its supervisor. */
export interface WorkerSlotsParts {
  readonly clock: Clock
  readonly log: EventLog
  readonly spawn: Spawn
  /** Its successor is ready: it may go. */
  retire(member: WorkerHandle): void
}

/**
 * The places of a crew. A worker that dies is replaced, later and later when the next ones die young; one that lives is
 * replaced by a successor that is ready.
 */
export class WorkerSlots {
  private places: WorkerSlot[] = []
  /** Whether places are filled again: not before all were filled once. */
  private isKept = false
  private isClosed = false
  private readonly lost = { died: 0, unresponsive: 0 }

  constructor(private readonly parts: WorkerSlotsParts) {}

  get size(): number {
    return this.places.length
  }

  get workers(): Pick<WorkersMetrics, 'configured' | 'ready' | 'lost'> {
    const ready = this.places.filter(({ member }) => member?.state === 'ready').length
    return { configured: this.places.length, ready, lost: { ...this.lost } }
  }

  /** Whether workers die as soon as they start. */
  get isLooping(): boolean {
    return this.places.some(({ isLooping }) => isLooping)
  }

  /** What workers have told that ended by themselves and are not replaced yet. */
  get reports(): DrainReport[] {
    return this.places.flatMap(({ report }) => report ?? [])
  }

  /**
   * Fills so many places.
   *
   * @throws {Error} when one of them cannot be filled
   */
  async open(size: number): Promise<void> {
    this.resize(size)
    await Promise.all(this.places.map((place) => this.fill(place)))
    this.isKept = true
    for (const place of this.places) if (place.member === null) this.fillAfter(place, 0)
  }

  /**
   * Replaces the first worker.
   *
   * @param spawn starts its successor, in another way than those before
   * @throws {Error} when the successor cannot start: the worker stays
   */
  async replaceFirst(spawn: Spawn): Promise<void> {
    const first = this.places[0]!
    try {
      await this.fill(first, spawn)
    } catch (error) {
      // Its member has died meanwhile, or had died before.
      if (first.member === null) this.fillAfter(first, 0)
      throw error
    }
  }

  /** Replaces all but the first, one by one, and adds or gives up places. One that cannot be replaced is tried again later. */
  async replaceOthers(size: number): Promise<void> {
    for (const place of this.resize(size).slice(1)) if (this.isKept) await this.refill(place)
  }

  /** No place is filled any more. */
  close(): void {
    this.isKept = false
    this.isClosed = true
    for (const place of this.places) this.abandon(place)
  }

  /** A worker drains that nobody has told to: that may take long, and its successor does not wait for it. */
  leaving(member: WorkerHandle): void {
    const place = this.placeOf(member)
    if (!this.isKept || place === undefined || place.successor !== null) return
    const { number: worker, pid } = member
    this.fillAfter(place, this.delayAfter(place, this.livedMs(member), 'worker leaving', { worker, pid }))
  }

  /** A worker's process is gone. */
  ended(member: WorkerHandle, end: ProcessEnd): void {
    const place = this.placeOf(member)
    if (place !== undefined) place.member = null
    if (!this.isKept || !member.hasServed) return
    if (member.report === null) this.hasLost(member, end, place)
    else if (place !== undefined) this.hasLeft(place, member.report)
  }

  /** To be called every so often: whether those that crashed have lived long enough since. */
  watch(): void {
    for (const place of this.places) {
      if (!place.isLooping || place.restarts.isLooping(this.parts.clock.now())) continue
      place.isLooping = false
      this.parts.log.info('worker well again', { worker: place.number })
    }
  }

  private placeOf(member: WorkerHandle): WorkerSlot | undefined {
    return this.places.find((each) => each.member === member)
  }

  private livedMs({ readyMs }: WorkerHandle): number {
    return this.parts.clock.now() - readyMs!
  }

  /** @param place that is empty now; none when another has taken it */
  private hasLost(member: WorkerHandle, end: ProcessEnd, place: WorkerSlot | undefined): void {
    const { number: worker, pid, loss: cause } = member
    this.lost[cause]++
    const facts = { worker, pid, cause, ...end }
    if (place === undefined) return this.parts.log.warn('worker lost', facts)
    const delayMs = this.delayAfter(place, this.livedMs(member), 'worker lost', facts)
    if (place.successor === null) this.fillAfter(place, delayMs)
  }

  /** One drained by itself, and nobody has taken its place yet. */
  private hasLeft(place: WorkerSlot, report: DrainReport): void {
    place.report = report
    if (place.successor === null && place.due === null) this.fillAfter(place, 0)
  }

  /** @throws {Error} when nobody can start in the place */
  private async fill(place: WorkerSlot, spawn = this.parts.spawn): Promise<void> {
    if (this.isClosed) throw new Error(`Cannot start worker ${place.number}: the crew drains`)
    this.abandon(place)
    const member = spawn(place.number)
    place.successor = member
    try {
      await member.started
    } finally {
      if (place.successor === member) place.successor = null
    }
    const before = place.member
    place.member = member
    place.report = null
    place.restarts.started(this.parts.clock.now())
    if (before !== null) this.parts.retire(before)
  }

  /** Fills a place now, or else later. */
  private async refill(place: WorkerSlot): Promise<void> {
    try {
      await this.fill(place)
    } catch (error) {
      // None will follow, or another attempt has begun meanwhile.
      if (!this.isKept || place.successor !== null || place.due !== null) return
      const reason = messageOf(error)
      this.fillAfter(place, this.delayAfter(place, 0, 'worker not started', { worker: place.number, reason }))
    }
  }

  private fillAfter(place: WorkerSlot, delayMs: number): void {
    if (!this.isKept || !this.places.includes(place)) return
    place.due?.stop()
    place.due = this.parts.clock.after(delayMs, () => void this.refill(place))
  }

  /** @returns how long to wait before a place is filled again; tells what happened, once more loudly in a crash loop */
  private delayAfter(place: WorkerSlot, livedMs: number, event: string, facts: Facts): number {
    const now = this.parts.clock.now()
    const backOffMs = place.restarts.died(now, livedMs)
    const isLooping = place.restarts.isLooping(now)
    const nextMs = isLooping ? RESTART_RULES.longestDelayMs : backOffMs
    this.parts.log.warn(event, { ...facts, nextMs })
    if (isLooping && !place.isLooping) this.parts.log.error('worker crashes again and again', { ...facts, nextMs })
    place.isLooping = isLooping
    return nextMs
  }

  /** @returns the places there are now */
  private resize(size: number): WorkerSlot[] {
    for (let number = this.places.length + 1; number <= size; number++) this.places.push(new WorkerSlot(number))
    for (const place of this.places.splice(size)) {
      this.abandon(place)
      if (place.member !== null) this.parts.retire(place.member)
    }
    return this.places
  }

  /** Gives up what was begun to fill a place. */
  private abandon(place: WorkerSlot): void {
    place.due?.stop()
    place.due = null
    place.successor?.kill()
    place.successor = null
  }
}
