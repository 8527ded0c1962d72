import { Claims } from '../../../domain/threadpool/claims.js'
import type { PooledRequest } from './pooled-request.js'

/** The requests assigned to one thread: which slot each has, which of them the thread has begun, and which are aborted. */
export class AssignedRequests {
  private readonly claims: Claims
  private readonly bySlot: (PooledRequest | null)[]
  /** The latest request number of each slot. */
  private readonly numbers: number[]
  private readonly freeSlots: number[]
  private readonly aborted = new Set<PooledRequest>()
  /** The requests that, as far as we know, the thread has not begun; in the order of their assignment. */
  private unbegun: PooledRequest[] = []
  /** The requests whose messages wait for the end of the turn of the event loop. */
  private unsent: PooledRequest[] = []

  constructor(slots: number) {
    this.claims = Claims.forSlots(slots)
    this.bySlot = new Array<PooledRequest | null>(slots).fill(null)
    this.numbers = new Array<number>(slots).fill(0)
    this.freeSlots = this.numbers.map((_, slot) => slots - 1 - slot)
  }

  /** The memory of the claims, which the thread shares. */
  get memory(): SharedArrayBuffer {
    return this.claims.memory
  }

  get isEmpty(): boolean {
    return this.freeSlots.length === this.bySlot.length
  }

  /** Gives a request a slot and its number. The pool never assigns more requests than there are slots. */
  add(task: PooledRequest): void {
    const slot = this.freeSlots.pop()!
    const number = this.claims.numberAfter(this.numbers[slot]!, slot)
    this.numbers[slot] = task.number = number
    this.bySlot[slot] = task
    task.sentMs = Infinity
    this.unbegun.push(task)
    this.unsent.push(task)
    this.claims.open(number)
  }

  /** The request with a number; null when the thread does not have it any more. */
  get(number: number): PooledRequest | null {
    const task = this.bySlot[this.claims.slotOf(number)]
    return task === null || task === undefined || task.number !== number ? null : task
  }

  /** Frees the slot of a request. */
  remove(task: PooledRequest): void {
    const slot = this.claims.slotOf(task.number)
    this.bySlot[slot] = null
    this.freeSlots.push(slot)
    this.aborted.delete(task)
  }

  /**
   * Takes back a request that the thread has not begun, so that it never will.
   *
   * @returns false when the thread has begun it
   */
  takeBack(task: PooledRequest): boolean {
    if (!this.claims.claim(task.number)) return false
    this.remove(task)
    task.request.thread = 0
    task.feed?.takenBack()
    return true
  }

  /** Takes back all requests that the thread has not begun, the oldest first. */
  takeBackAll(): PooledRequest[] {
    const { unbegun } = this
    this.unbegun = []
    return unbegun.filter((task) => this.has(task) && this.takeBack(task))
  }

  /** The messages of all new requests were posted to the thread. */
  markSent(nowMs: number): void {
    for (const task of this.unsent) task.sentMs = nowMs
    this.unsent = []
  }

  /** Whether the thread has begun a request: from then on it cannot be taken back. */
  hasBegun(number: number): boolean {
    return !this.claims.isOpen(number)
  }

  /** The oldest request that the thread has not begun; null when it has begun all. */
  oldestUnbegun(): PooledRequest | null {
    this.unbegun = this.unbegun.filter((task) => this.has(task) && !this.hasBegun(task.number))
    return this.unbegun[0] ?? null
  }

  /** The thread was asked to abort a request. */
  markAborted(task: PooledRequest): void {
    this.aborted.add(task)
  }

  /** Whether the grace period of an aborted request is over. */
  hasIgnoredAbort(nowMs: number): boolean {
    for (const { graceEndsMs } of this.aborted) if (graceEndsMs !== null && graceEndsMs <= nowMs) return true
    return false
  }

  private has(task: PooledRequest): boolean {
    return this.bySlot[this.claims.slotOf(task.number)] === task
  }
}
