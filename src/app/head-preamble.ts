import { formatHttpDate } from '../domain/message/http-date.js'
import type { Clock } from '../ports/clock.js'

const SECOND_MS = 1000

/**
 * The fields that every response carries: `Date` (RFC 9110 §6.6.1) and `Server`. Written once a second, since a date
 * changes no sooner; the monotonic time that the caller has at hand tells when.
 */
export class HeadPreamble {
  private readonly server: string
  private validUntilMs = -Infinity
  private lines = ''

  /** @param serverName empty leaves `Server` out */
  constructor(
    private readonly clock: Clock,
    serverName: string,
  ) {
    this.server = serverName === '' ? '' : `Server: ${serverName}\r\n`
  }

  /**
   * The lines, each ended by CRLF.
   *
   * @param nowMs on the monotonic clock
   */
  text(nowMs: number): string {
    if (nowMs >= this.validUntilMs) this.renew(nowMs)
    return this.lines
  }

  private renew(nowMs: number): void {
    const wall = this.clock.wall()
    this.validUntilMs = nowMs + SECOND_MS - (wall % SECOND_MS)
    this.lines = `Date: ${formatHttpDate(wall)}\r\n${this.server}`
  }
}
