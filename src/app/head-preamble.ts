import { formatHttpDate } from '../domain/message/http-date.js'
import type { Clock } from '../ports/clock.js'

/**
 * The fields that every response carries: `Date` (RFC 9110 §6.6.1) and `Server`. Written once a second, since a date
 * changes no sooner.
 */
export class HeadPreamble {
  private readonly server: string
  private second = -1
  private lines = ''

  /** @param serverName empty leaves `Server` out */
  constructor(
    private readonly clock: Clock,
    serverName: string,
  ) {
    this.server = serverName === '' ? '' : `Server: ${serverName}\r\n`
  }

  /** The lines, each ended by CRLF. */
  text(): string {
    const second = Math.floor(this.clock.wall() / 1000)
    if (second !== this.second) {
      this.second = second
      this.lines = `Date: ${formatHttpDate(second * 1000)}\r\n${this.server}`
    }
    return this.lines
  }
}
