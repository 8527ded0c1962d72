import { heartbeatIntervalMs, silenceLimitMs } from '../../domain/workers/supervision.js'
import type { WorkerHandle } from './worker-handle.js'

/** Sends heartbeats to the workers, and kills workers that do not answer them. Times are of the monotonic clock. */
export class HeartbeatMonitor {
  /** Infinity before the first check. */
  private checkedMs = Infinity
  private sentMs = 0

  /**
   * @param workers that run
   * @param stallMs a longer gap between two checks means that this process itself was paused
   */
  constructor(
    private readonly workers: ReadonlySet<WorkerHandle>,
    private readonly stallMs: number,
  ) {}

  /**
   * Runs the checks that are due; called at a short interval.
   *
   * @param workerTimeoutMs how long a worker may leave a heartbeat unanswered
   */
  check(nowMs: number, workerTimeoutMs: number): void {
    if (nowMs - this.checkedMs > this.stallMs) for (const { heartbeat } of this.workers) heartbeat.excuse(nowMs)
    this.checkedMs = nowMs
    this.killUnresponsive(nowMs, workerTimeoutMs)
    if (nowMs - this.sentMs >= heartbeatIntervalMs(workerTimeoutMs)) this.send(nowMs)
  }

  private killUnresponsive(nowMs: number, workerTimeoutMs: number): void {
    for (const worker of this.workers) {
      const limitMs = silenceLimitMs(worker.state === 'starting', workerTimeoutMs)
      if (worker.heartbeat.check(nowMs, limitMs)) worker.killUnresponsive()
    }
  }

  private send(nowMs: number): void {
    this.sentMs = nowMs
    for (const worker of this.workers) {
      worker.heartbeat.sent(nowMs)
      worker.send({ kind: 'heartbeat', sentMs: nowMs })
    }
  }
}
