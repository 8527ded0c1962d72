import type { Clock, Stoppable } from '../../../ports/operations/clock.js'
import type { Finding, StallDetector } from './stall-detector.js'
import type { ThreadHandle } from './thread-handle.js'
import type { ThreadSlots } from './thread-slots.js'
import type { ThreadpoolTimings } from './timings.js'

/** Acts on the results of the watch. */
export interface WatchOwner {
  /** A check of a thread had a result other than `none`. */
  found(thread: ThreadHandle, finding: Exclude<Finding, 'none'>): void
  /**
   * A round of checks is complete.
   *
   * @returns whether requests wait or are in flight
   */
  checked(nowMs: number): boolean
}

/**
 * Checks all threads at short intervals while requests are in flight.
 *
 * While none are, it only probes the threads from time to time: a thread may get stuck, or use too much memory, in code
 * that runs outside of any request.
 */
export class ThreadWatch {
  private checks: Stoppable | null = null
  private idleProbes: Stoppable | null = null

  constructor(
    private readonly clock: Clock,
    private readonly timings: ThreadpoolTimings,
    private readonly slots: ThreadSlots,
    private readonly detector: StallDetector,
    private readonly owner: WatchOwner,
  ) {}

  /** Starts the checks; they pause automatically when no request is in flight and all threads respond. */
  start(): void {
    if (this.checks !== null) return
    this.detector.resume(this.clock.now())
    // Checks after the I/O of this turn of the event loop, which receives the messages that arrived while it was blocked.
    this.checks = this.clock.every(this.timings.watchMs, () => setImmediate(() => this.check()))
  }

  /** Probes the threads from time to time from now on. */
  startIdleProbes(): void {
    this.idleProbes = this.clock.every(this.timings.idleProbeMs, () => this.probeIdle())
  }

  /** Stops both timers. */
  stop(): void {
    this.idleProbes?.stop()
    this.pause()
  }

  private check(): void {
    if (this.checks === null) return
    const now = this.clock.now()
    this.detector.advance(now)
    for (const thread of this.slots.readyThreads) {
      thread.takeAnswers()
      const finding = this.detector.judge(thread.health)
      if (finding !== 'none') this.owner.found(thread, finding)
    }
    const isBusy = this.owner.checked(now)
    if (!isBusy && this.slots.readyThreads.every(({ health }) => health.isResponsive)) this.pause()
  }

  private probeIdle(): void {
    if (this.checks !== null) return
    for (const { health } of this.slots.readyThreads) health.probe()
    this.start()
  }

  private pause(): void {
    this.checks?.stop()
    this.checks = null
  }
}
