interface Worker {
  /** Whether it gets connections; false after `retire`. */
  isReady: boolean
  /** The number of the latest hand-off to it; 0 before the first. */
  latestHandOff: number
  /** Connections that it has not acknowledged, with the time of the hand-off; the oldest first. */
  readonly unacknowledged: Map<number, number>
  /** When it got the oldest connection that it still owes an acknowledgement, taken back or not; null for none. */
  owesSinceMs: number | null
}

/**
 * Chooses the worker process for each connection: the one whose latest connection is the oldest. Workers and connections
 * are known by their numbers.
 *
 * A worker acknowledges each connection. A worker that is late to do so has a blocked event loop, and gets no
 * connections until it acknowledges. A connection may also be lost on its way, when the worker has no descriptor left
 * for it; `caughtUp` finds those. Times are milliseconds of a monotonic clock.
 */
export class RoundRobin {
  private readonly workers = new Map<number, Worker>()
  private handOffs = 0

  /** @param lateAfterMs how long an acknowledgement may take */
  constructor(private readonly lateAfterMs: number) {}

  /** Gives connections to a worker from now on. @param worker a number that no other worker has had */
  add(worker: number): void {
    this.workers.set(worker, { isReady: true, latestHandOff: 0, unacknowledged: new Map(), owesSinceMs: null })
  }

  /** Gives no more connections to a worker. It may still acknowledge those that it has. */
  retire(worker: number): void {
    const entry = this.workers.get(worker)
    if (entry !== undefined) entry.isReady = false
  }

  /**
   * Forgets a worker that has died.
   *
   * @returns the connections that it has not acknowledged, for other workers
   */
  remove(worker: number): number[] {
    const connections = this.takeBack(worker)
    this.workers.delete(worker)
    return connections
  }

  /** The worker that gets the next connection; null when no worker is ready, or all are late. */
  nextWorker(nowMs: number): number | null {
    let next: number | null = null
    let earliest = Infinity
    for (const [number, worker] of this.workers) {
      if (!worker.isReady || worker.latestHandOff >= earliest || this.isLate(worker, nowMs)) continue
      next = number
      earliest = worker.latestHandOff
    }
    return next
  }

  /** A connection was handed off to a worker that is ready. */
  handedOff(worker: number, connection: number, nowMs: number): void {
    const entry = this.workers.get(worker)!
    entry.latestHandOff = ++this.handOffs
    entry.unacknowledged.set(connection, nowMs)
    entry.owesSinceMs ??= nowMs
  }

  /** A worker has acknowledged a connection, which may have been taken back meanwhile. */
  acknowledged(worker: number, connection: number): void {
    const entry = this.workers.get(worker)
    if (entry === undefined) return
    entry.unacknowledged.delete(connection)
    entry.owesSinceMs = oldestOf(entry)
  }

  /**
   * A worker has processed everything that was sent to it before `sentMs`, and acknowledged the connections in it.
   *
   * @returns the connections that were lost on their way to it; other workers may serve them
   */
  caughtUp(worker: number, sentMs: number): number[] {
    const entry = this.workers.get(worker)
    if (entry === undefined) return []
    const lost = [...entry.unacknowledged].filter(([, handedMs]) => handedMs < sentMs).map(([connection]) => connection)
    for (const connection of lost) entry.unacknowledged.delete(connection)
    if (entry.owesSinceMs !== null && entry.owesSinceMs < sentMs) entry.owesSinceMs = oldestOf(entry)
    return lost
  }

  /** The workers that are late to acknowledge a connection. */
  late(nowMs: number): number[] {
    return [...this.workers].filter(([, worker]) => this.isLate(worker, nowMs)).map(([number]) => number)
  }

  /**
   * Takes back the connections that a worker has not acknowledged. The worker stays late until it acknowledges one of
   * them, or `caughtUp` shows that they were lost.
   *
   * Only safe when the worker cannot serve them any more, or asks before it does.
   */
  takeBack(worker: number): number[] {
    const unacknowledged = this.workers.get(worker)?.unacknowledged
    if (unacknowledged === undefined) return []
    const connections = [...unacknowledged.keys()]
    unacknowledged.clear()
    return connections
  }

  private isLate({ owesSinceMs }: Worker, nowMs: number): boolean {
    return owesSinceMs !== null && nowMs - owesSinceMs > this.lateAfterMs
  }
}

/** When the worker got the oldest connection that it has not acknowledged; null when there is none. */
function oldestOf({ unacknowledged }: Worker): number | null {
  const [oldestMs = null] = unacknowledged.values()
  return oldestMs
}
