/** How many handshakes may be under way, and how long. */
export interface HandshakeRules {
  readonly most: number
  /** How long one is left in peace, however many want in and whoever waits for the end: an honest peer is through by then. */
  readonly graceMs: number
  readonly timeoutMs: number
}

/** What becomes of one that wants in, and of one that has to make room for it. */
export interface Joined<T> {
  readonly admitted: boolean
  readonly evicted: T | null
}

/**
 * Handshakes under way, the oldest first. When there is no room, the oldest makes some if it has had its time: peers that
 * come to do nothing cannot keep others out for longer than that.
 */
export class HandshakeAdmission<T> {
  private readonly since = new Map<T, number>()

  constructor(private readonly rules: HandshakeRules) {}

  get size(): number {
    return this.since.size
  }

  join(item: T, nowMs: number): Joined<T> {
    const evicted = this.size < this.rules.most ? null : this.oldest(nowMs - this.rules.graceMs)
    if (evicted !== null) this.leave(evicted)
    const admitted = this.size < this.rules.most
    if (admitted) this.since.set(item, nowMs)
    return { admitted, evicted }
  }

  /** A no-op for one that is not there. */
  leave(item: T): void {
    this.since.delete(item)
  }

  /**
   * Those whose time is up; they are gone from here.
   *
   * @param isClosing whether somebody waits for all to be gone
   */
  overdue(nowMs: number, isClosing: boolean): T[] {
    const { graceMs, timeoutMs } = this.rules
    const patienceMs = isClosing ? Math.min(graceMs, timeoutMs) : timeoutMs
    const overdue: T[] = []
    for (;;) {
      const item = this.oldest(nowMs - patienceMs)
      if (item === null) return overdue
      this.leave(item)
      overdue.push(item)
    }
  }

  /** The oldest, if it came by then. */
  private oldest(byMs: number): T | null {
    for (const [item, sinceMs] of this.since) return sinceMs <= byMs ? item : null
    return null
  }
}
