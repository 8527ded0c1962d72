import type { Settings } from '../../../ports/operations/settings.js'
import type { ThreadHealth } from './thread-health.js'
import type { ThreadpoolTimings } from './timings.js'

/**
 * Interval at which the memory of the process is read while all threads respond: reading it costs more than a check. It is
 * measured by the real clock, so that a thread is never compared with a reading from before a pause: the process may have
 * grown since then because of another thread.
 */
const MEMORY_MS = 100

/** The result of a check: the thread has just become stuck, or it must be ended for one of two reasons. */
export type Finding = 'none' | 'stalled' | 'stuck' | 'memory'

/**
 * Judges whether threads return from their handlers.
 *
 * It has a clock of its own, which advances with each check, by little more than the interval of the checks. If the main
 * thread itself was blocked between two checks, it could not read what the threads sent meanwhile, and must not blame
 * them for it.
 */
export class StallDetector {
  /** The detector's clock, in milliseconds. */
  nowMs = 0
  private checkedMs = 0
  private rssBytes = 0
  private readMs = -Infinity

  /** @param readRss reads the memory of the whole process, in bytes */
  constructor(
    private readonly settings: Pick<Settings, 'handlerTimeoutMs' | 'threadpool'>,
    private readonly timings: ThreadpoolTimings,
    private readonly readRss: () => number,
  ) {}

  /** Starts the clock again after a pause. */
  resume(clockMs: number): void {
    this.checkedMs = clockMs
  }

  /** Advances the clock: call it before each round of `judge`. A step over two intervals counts as one interval. */
  advance(clockMs: number): void {
    const stepMs = clockMs - this.checkedMs
    const { watchMs } = this.timings
    this.nowMs += stepMs > 2 * watchMs ? watchMs : stepMs
    this.checkedMs = clockMs
    if (clockMs - this.readMs >= MEMORY_MS) this.readMemory()
  }

  /** Checks one thread. Probes it if it has been silent for too long. */
  judge(health: ThreadHealth): Finding {
    if (health.hasResponded) health.rssBytes = this.rssBytes
    health.hasResponded = false
    if (health.ignoresAborts()) return 'stuck'
    if (health.isStuck) return this.judgeStuck(health)
    return health.hasStalled() ? 'stalled' : 'none'
  }

  private judgeStuck({ silentSinceMs, rssBytes }: ThreadHealth): Finding {
    const { handlerTimeoutMs, threadpool } = this.settings
    if (this.nowMs - silentSinceMs >= handlerTimeoutMs + this.timings.graceMs) return 'stuck'
    // A stuck thread cannot report its memory, so all growth of the process is attributed to it.
    this.readMemory()
    return this.rssBytes - rssBytes > threadpool.memoryBytes ? 'memory' : 'none'
  }

  private readMemory(): void {
    this.readMs = this.checkedMs
    this.rssBytes = this.readRss()
  }
}
