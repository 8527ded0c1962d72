import { flat } from '../../domain/octets/flat-string.js'
import { formatHttpDate } from '../../domain/message/http-date.js'
import type { FieldLine } from '../../domain/message/response-fields.js'
import type { Clock } from '../../ports/operations/clock.js'

const SECOND_MS = 1000

/**
 * The fields that every response has: `Date` (RFC 9110 §6.6.1) and others that never change. They are serialized once a
 * second, because the date changes no faster.
 */
export class HeadPreamble {
  private readonly constant: string
  private validUntilMs = -Infinity
  private lines = ''

  /** @param fields the fields besides `Date`; a field with an empty value is left out */
  constructor(
    private readonly clock: Clock,
    fields: readonly FieldLine[],
  ) {
    this.constant = fields.map(([name, value]) => (value === '' ? '' : `${name}: ${value}\r\n`)).join('')
  }

  /**
   * Returns the field lines, each ended by CRLF.
   *
   * @param nowMs on the monotonic clock; the caller has it already, which saves a call of the clock
   */
  text(nowMs: number): string {
    if (nowMs >= this.validUntilMs) this.renew(nowMs)
    return this.lines
  }

  private renew(nowMs: number): void {
    const wall = this.clock.wall()
    this.validUntilMs = nowMs + SECOND_MS - (wall % SECOND_MS)
    this.lines = flat(`Date: ${formatHttpDate(wall)}\r\n${this.constant}`)
  }
}
