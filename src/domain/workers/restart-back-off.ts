/** When what has died is replaced, in milliseconds. */
export interface RestartRules {
  /** After a death that is not one of a series. */
  readonly firstDelayMs: number
  /** However many have died. */
  readonly longestDelayMs: number
  /** Who has lived so long was well. */
  readonly stableMs: number
  /** So many shorter lives in a row are a crash loop. */
  readonly loopAfter: number
}

export const RESTART_RULES: RestartRules = { firstDelayMs: 100, longestDelayMs: 30_000, stableMs: 10_000, loopAfter: 5 }

/**
 * How soon a handler thread or a worker process that died is replaced, and whether replacing is of no use.
 *
 * One of these watches over one place, or over several that are filled alike: then a series is one of all of them.
 * Times are milliseconds of a monotonic clock.
 */
export class RestartBackOff {
  private delayMs = 0
  private shortLives = 0
  /** When the latest one started; null when one has died since. */
  private startedMs: number | null = null

  constructor(private readonly rules: RestartRules = RESTART_RULES) {}

  /** One is at work. */
  started(nowMs: number): void {
    this.startedMs = nowMs
  }

  /**
   * One has died, or could not start.
   *
   * @param livedMs since it started; 0 when it never did
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

  /** Whether one after the other died young, and none has lived long since. */
  isLooping(nowMs: number): boolean {
    return this.shortLives >= this.rules.loopAfter && !this.isCalm(nowMs)
  }

  /** Whether the latest start was long ago, and nobody died since. */
  private isCalm(nowMs: number): boolean {
    return this.startedMs !== null && nowMs - this.startedMs >= this.rules.stableMs
  }
}
