/** How many processes serve; 1 is one without a supervisor. */
export function workerCount(workers: number | 'auto', cores: number): number {
  return workers === 'auto' ? cores : workers
}

/** How much of what is for all workers together is for each: rounded up, so that all together have it. */
export function shareOf(total: number, workers: number): number {
  return Math.ceil(total / workers)
}

/** Asking more often finds nothing out sooner. */
const MOST_BETWEEN_HEARTBEATS_MS = 1000

/**
 * How often a worker is asked whether it is alive: three times within its time, if it is looked that often whether it is
 * to be asked.
 */
export function heartbeatIntervalMs(workerTimeoutMs: number): number {
  return Math.min(workerTimeoutMs / 3, MOST_BETWEEN_HEARTBEATS_MS)
}

/** Loading modules and starting plugins may keep a worker from answering. */
const START_PATIENCE_MS = 60_000

/** How long a worker may be silent. */
export function silenceLimitMs(isStarting: boolean, workerTimeoutMs: number): number {
  return isStarting ? Math.max(START_PATIENCE_MS, workerTimeoutMs) : workerTimeoutMs
}

/**
 * Whether one worker answers. Times are milliseconds of a monotonic clock.
 *
 * Who looks may have been busy just before, with the answer lying unread. So one look is not enough: between two of them,
 * whatever had arrived was read.
 */
export class Heartbeat {
  /** When it was asked what it has not answered yet; null when it owes no answer. */
  private askedMs: number | null = null
  /** Whether its answer was overdue at the last look. */
  private wasOverdue = false

  asked(nowMs: number): void {
    this.askedMs ??= nowMs
  }

  /** Whatever it says is a sign of life. */
  heard(): void {
    this.askedMs = null
    this.wasOverdue = false
  }

  /** We ourselves stood still, and it may have stood still with us: it is given its whole time anew. */
  excuse(nowMs: number): void {
    if (this.askedMs !== null) this.askedMs = nowMs
  }

  /** Looks whether its answer is overdue. @returns whether it was so at the last look, too */
  look(nowMs: number, patienceMs: number): boolean {
    const wasOverdue = this.wasOverdue
    this.wasOverdue = this.askedMs !== null && nowMs - this.askedMs >= patienceMs
    return wasOverdue && this.wasOverdue
  }
}
