/** When to replace a process or thread that has died; times are milliseconds. */
export interface RestartRules {
  /** Delay after a death that is not one of a series. */
  readonly firstDelayMs: number
  /** Upper bound of the delay in a series. */
  readonly longestDelayMs: number
  /** A process that ran at least this long counts as healthy. */
  readonly stableMs: number
  /** Number of shorter lives in a row that makes a crash loop. */
  readonly loopAfter: number
}

/** The rules for worker processes and handler threads. */
export const RESTART_RULES: RestartRules = { firstDelayMs: 100, longestDelayMs: 30_000, stableMs: 10_000, loopAfter: 5 }

/**
 * Delays the replacement of worker processes or handler threads that die, and recognizes a crash loop.
 *
 * Each short life in a row doubles the delay. An instance serves one slot, or several slots whose deaths count as one
 * series. Times are milliseconds of a monotonic clock.
 */
export class RestartBackOff {
  private delayMs = 0
  private shortLives = 0
  /** When the latest start was; null when there was a death since. */
  private startedMs: number | null = null

  constructor(private readonly rules: RestartRules = RESTART_RULES) {}

  /** A process has started. */
  started(nowMs: number): void {
    this.startedMs = nowMs
  }

  /**
   * A process has died, or could not start.
   *
   * @param livedMs time since its start; 0 when it did not start
   * @returns how long to wait before it is replaced
   */
  died(nowMs: number, livedMs: number): number {
    const { firstDelayMs, longestDelayMs, stableMs } = this.rules
    const isShort = livedMs < stableMs
    if (!isShort || this.isCalm(nowMs)) this.delayMs = this.shortLives = 0
    if (isShort) this.shortLives++
    this.startedMs = null
    this.delayMs = this.delayMs === 0 ? firstDelayMs : Math.min(this.delayMs * 2, longestDelayMs)
    return this.delayMs
  }

  /** Whether several processes in a row died young, and none has become healthy since. */
  isLooping(nowMs: number): boolean {
    return this.shortLives >= this.rules.loopAfter && !this.isCalm(nowMs)
  }

  /** Whether the process that started last has become healthy, with no death since. */
  private isCalm(nowMs: number): boolean {
    return this.startedMs !== null && nowMs - this.startedMs >= this.rules.stableMs
  }
}
