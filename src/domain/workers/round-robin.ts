interface Worker {
  /** Whether it takes connections. */
  isReady: boolean
  /** The number of its latest turn; 0 before the first. */
  turn: number
  /** What it was handed and has not acknowledged, with the time of hand-over; the oldest first. */
  readonly owed: Map<number, number>
  /** Since when it owes an acknowledgement; null when it owes none. */
  owesSinceMs: number | null
}

/**
 * Which of several worker processes is given the next connection: one after the other, so that their numbers are even.
 * Workers and connections have numbers, each its own.
 *
 * A worker acknowledges each connection. One that is late with that does not turn its event loop, and is passed over until
 * it is heard of again. A connection may also be lost on its way, when the worker has no descriptor left for it: then
 * only what the worker says later tells that it has nothing more to acknowledge.
 * Times are milliseconds of a monotonic clock.
 */
export class RoundRobin {
  private readonly workers = new Map<number, Worker>()
  private turns = 0

  /** @param lateAfterMs how long an acknowledgement may take */
  constructor(private readonly lateAfterMs: number) {}

  /** A worker, by a number that no other has, takes connections from now on. */
  ready(worker: number): void {
    this.workers.set(worker, { isReady: true, turn: 0, owed: new Map(), owesSinceMs: null })
  }

  /** Another takes a worker's place: it is handed no more, and still acknowledges what it was handed. */
  retired(worker: number): void {
    const entry = this.workers.get(worker)
    if (entry !== undefined) entry.isReady = false
  }

  /**
   * A worker has died.
   *
   * @returns the connections that it has not acknowledged
   */
  gone(worker: number): number[] {
    const connections = this.takeBack(worker)
    this.workers.delete(worker)
    return connections
  }

  /** Whose turn it is; null when no worker is ready, or all are late. */
  next(nowMs: number): number | null {
    let next: number | null = null
    let firstTurn = Infinity
    for (const [number, worker] of this.workers) {
      if (!worker.isReady || worker.turn >= firstTurn || this.isLate(worker, nowMs)) continue
      next = number
      firstTurn = worker.turn
    }
    return next
  }

  /** A worker that is ready was handed this connection. */
  handed(worker: number, connection: number, nowMs: number): void {
    const entry = this.workers.get(worker)!
    entry.turn = ++this.turns
    entry.owed.set(connection, nowMs)
    entry.owesSinceMs ??= nowMs
  }

  /** A worker has looked at this connection; it may have been taken back meanwhile. */
  acknowledged(worker: number, connection: number): void {
    const entry = this.workers.get(worker)
    if (entry === undefined) return
    entry.owed.delete(connection)
    entry.owesSinceMs = oldestOf(entry)
  }

  /**
   * A worker has looked at all that was sent to it before this time, and acknowledged what it found.
   *
   * @returns the connections that were lost on their way to it, to be given to others
   */
  looked(worker: number, sentMs: number): number[] {
    const entry = this.workers.get(worker)
    if (entry === undefined) return []
    const lost = [...entry.owed].filter(([, handedMs]) => handedMs < sentMs).map(([connection]) => connection)
    for (const connection of lost) entry.owed.delete(connection)
    if (entry.owesSinceMs !== null && entry.owesSinceMs < sentMs) entry.owesSinceMs = oldestOf(entry)
    return lost
  }

  /** The workers that are late. */
  late(nowMs: number): number[] {
    return [...this.workers].filter(([, worker]) => this.isLate(worker, nowMs)).map(([number]) => number)
  }

  /**
   * The connections that a worker has not acknowledged, to be given to others; it stays late until it acknowledges one,
   * or has looked at what was sent later.
   * Only safe when the worker will not serve them after all, or asks before it does.
   */
  takeBack(worker: number): number[] {
    const owed = this.workers.get(worker)?.owed
    if (owed === undefined) return []
    const connections = [...owed.keys()]
    owed.clear()
    return connections
  }

  private isLate({ owesSinceMs }: Worker, nowMs: number): boolean {
    return owesSinceMs !== null && nowMs - owesSinceMs > this.lateAfterMs
  }
}

/** When the worker was handed what it has owed longest; null when it owes nothing. */
function oldestOf({ owed }: Worker): number | null {
  const [oldestMs = null] = owed.values()
  return oldestMs
}
