import type { AssignedRequests } from './assigned-requests.js'
import type { ThreadpoolTimings } from './timings.js'

/** When a thread last responded, and whether it is stuck. Times are those of the stall detector's clock. */
export class ThreadHealth {
  /** Whether the thread does not begin its requests, or does not answer a probe. */
  isStuck = false
  /** Whether the thread has sent something, or had nothing to send, since the latest check. */
  hasResponded = true
  /** Memory of the process at the latest check at which the thread had responded, in bytes. */
  rssBytes = 0
  /** Since when the thread has sent nothing although it had something to send. */
  silentSinceMs: number
  private isProbePending = false

  /**
   * @param now the stall detector's clock
   * @param sendProbe sends the thread a probe, which it answers when its event loop runs
   */
  constructor(
    private readonly requests: AssignedRequests,
    private readonly timings: ThreadpoolTimings,
    private readonly now: () => number,
    private readonly sendProbe: () => void,
  ) {
    this.silentSinceMs = now()
  }

  /** Whether the thread is not stuck and has answered all probes. */
  get isResponsive(): boolean {
    return !this.isProbePending && !this.isStuck
  }

  /** The thread has sent something, or gets its first request after having had none. */
  refresh(): void {
    this.hasResponded = true
    this.silentSinceMs = this.now()
  }

  /** The thread has answered the pending probe. */
  probeAnswered(): void {
    this.isProbePending = false
  }

  /** Probes the thread, unless a probe is pending. */
  probe(): void {
    if (this.isProbePending) return
    this.isProbePending = true
    this.silentSinceMs = this.now()
    this.sendProbe()
  }

  /** The thread is stuck until it responds. */
  markStuck(): void {
    this.isStuck = true
    this.probe()
  }

  /** Whether the thread has left a request, or a probe, unanswered for too long. Probes it after a shorter silence. */
  hasStalled(): boolean {
    const { beginMs, silenceMs } = this.timings
    const nowMs = this.now()
    const oldest = this.requests.oldestUnbegun()
    if (oldest !== null && nowMs - oldest.sentMs >= beginMs) return true
    if (this.isProbePending) return nowMs - this.silentSinceMs >= beginMs
    if (!this.requests.isEmpty && nowMs - this.silentSinceMs >= silenceMs) this.probe()
    return false
  }

  /** Whether the thread has not reacted in time to the abort of one of its requests. */
  ignoresAborts(): boolean {
    return this.requests.hasIgnoredAbort(this.now())
  }
}
