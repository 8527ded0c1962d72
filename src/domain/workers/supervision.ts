/**
 * How many processes serve.
 *
 * @param workers the setting; `auto` is one per core
 * @returns 1 for a single process without a supervisor
 */
export function workerCount(workers: number | 'auto', cores: number): number {
  return workers === 'auto' ? cores : workers
}

/** Divides a limit of the whole service among its workers, rounded up so that their shares add up to at least the limit. */
export function shareOf(total: number, workers: number): number {
  return Math.ceil(total / workers)
}

/** Upper bound of the interval between heartbeats, however long a worker may be silent. */
const MAX_HEARTBEAT_INTERVAL_MS = 1000

/** The interval between heartbeats: a third of the time within which a worker must answer, so that it has three chances. */
export function heartbeatIntervalMs(workerTimeoutMs: number): number {
  return Math.min(workerTimeoutMs / 3, MAX_HEARTBEAT_INTERVAL_MS)
}

/** A starting worker may block its event loop for long, while it loads modules and starts plugins. */
const START_TIMEOUT_MS = 60_000

/** How long a worker may leave a heartbeat unanswered. */
export function silenceLimitMs(isStarting: boolean, workerTimeoutMs: number): number {
  return isStarting ? Math.max(START_TIMEOUT_MS, workerTimeoutMs) : workerTimeoutMs
}

/**
 * Decides whether one worker still answers. Times are milliseconds of a monotonic clock.
 *
 * The supervisor may have been busy while the answer lay unread in its channel. A worker is therefore overdue only after
 * two checks in a row: between them the supervisor has read everything that had arrived.
 */
export class Heartbeat {
  /** When the oldest unanswered heartbeat was sent; null when none is unanswered. */
  private unansweredMs: number | null = null
  /** Whether the answer was overdue at the previous check. */
  private wasOverdue = false

  /** A heartbeat was sent. */
  sent(nowMs: number): void {
    this.unansweredMs ??= nowMs
  }

  /** A message arrived from the worker. Every kind of message shows that it is alive. */
  answered(): void {
    this.unansweredMs = null
    this.wasOverdue = false
  }

  /** The supervisor itself was paused, and maybe the worker with it: its time to answer starts again. */
  excuse(nowMs: number): void {
    if (this.unansweredMs !== null) this.unansweredMs = nowMs
  }

  /** @returns whether the answer was overdue at this check and at the previous one */
  check(nowMs: number, limitMs: number): boolean {
    const { wasOverdue } = this
    this.wasOverdue = this.unansweredMs !== null && nowMs - this.unansweredMs >= limitMs
    return wasOverdue && this.wasOverdue
  }
}
