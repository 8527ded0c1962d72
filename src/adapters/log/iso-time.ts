/** `000` to `999`. */
const MILLISECONDS = Array.from({ length: 1000 }, (_, ms) => String(ms).padStart(3, '0'))

/**
 * Formats wall-clock times as `2026-01-31T12:00:00.123Z`. Everything except the milliseconds is formatted once a
 * second.
 */
export class IsoTime {
  private second = Number.NaN
  private prefix = ''

  /**
   * Formats a time.
   *
   * @param wallMs milliseconds since 1970
   */
  text(wallMs: number): string {
    const second = Math.floor(wallMs / 1000)
    if (second !== this.second) this.turnTo(second)
    return this.prefix + MILLISECONDS[Math.floor(wallMs - second * 1000)]! + 'Z'
  }

  private turnTo(second: number): void {
    this.second = second
    this.prefix = new Date(second * 1000).toISOString().slice(0, -'000Z'.length)
  }
}
