/** How many handshakes may be in progress, and for how long. */
export interface HandshakeRules {
  /** Maximum number of handshakes at a time. */
  readonly most: number
  /** Time in which a handshake is never evicted; an honest peer needs less. */
  readonly graceMs: number
  /** Time after which a handshake is aborted. */
  readonly timeoutMs: number
}

/** The result of adding a handshake. */
export interface Joined<T> {
  /** Whether there was room for it. */
  readonly admitted: boolean
  /** An older handshake that was removed to make room; abort it. */
  readonly evicted: T | null
}

/**
 * Limits the handshakes in progress. When the limit is reached, a new handshake evicts the oldest one, provided that
 * its grace period is over: idle peers can keep others out only for that long.
 */
export class HandshakeAdmission<T> {
  private readonly since = new Map<T, number>()

  constructor(private readonly rules: HandshakeRules) {}

  /** The number of handshakes in progress. */
  get size(): number {
    return this.since.size
  }

  /** Adds a handshake that begins now, if there is room or the oldest can be evicted. */
  join(item: T, nowMs: number): Joined<T> {
    const evicted = this.size < this.rules.most ? null : this.oldest(nowMs - this.rules.graceMs)
    if (evicted !== null) this.remove(evicted)
    const admitted = this.size < this.rules.most
    if (admitted) this.since.set(item, nowMs)
    return { admitted, evicted }
  }

  /** Removes a handshake that is over; does nothing if it was removed before. */
  remove(item: T): void {
    this.since.delete(item)
  }

  /**
   * Removes and returns the handshakes that are overdue.
   *
   * @param isClosing whether the listener is closing: then the time limit is the grace period, if that is shorter
   */
  takeOverdue(nowMs: number, isClosing: boolean): T[] {
    const { graceMs, timeoutMs } = this.rules
    const allowedMs = isClosing ? Math.min(graceMs, timeoutMs) : timeoutMs
    const overdue: T[] = []
    for (;;) {
      const item = this.oldest(nowMs - allowedMs)
      if (item === null) return overdue
      this.remove(item)
      overdue.push(item)
    }
  }

  /** The oldest handshake, if it began at `limitMs` or before. */
  private oldest(limitMs: number): T | null {
    for (const [item, sinceMs] of this.since) return sinceMs <= limitMs ? item : null
    return null
  }
}
