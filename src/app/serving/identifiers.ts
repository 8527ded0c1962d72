import { randomBytes } from 'node:crypto'

const TRACE_DIGITS = 32
const POOLED_TRACES = 256

/** Two digits to the base of 36: to count in these costs a third of what it costs to write each number anew. */
const LOW_DIGITS = Array.from({ length: 36 ** 2 }, (_, number) => number.toString(36).padStart(2, '0'))

/** Makes the ids of requests and traces; both cost a few nanoseconds each. */
export class Identifiers {
  // Random per process, so that ids of several processes, or of two lives of one, do not meet.
  private readonly prefix = randomBytes(6).toString('base64url')
  private requests = 0
  private highDigits = `${this.prefix}-`
  private traces = ''
  private at = 0

  /** An id for `X-Request-Id`: unique, short, without meaning. */
  request(): string {
    const low = ++this.requests % LOW_DIGITS.length
    if (low === 0) this.highDigits = `${this.prefix}-${(this.requests / LOW_DIGITS.length).toString(36)}`
    return this.highDigits + LOW_DIGITS[low]!
  }

  /** A W3C trace id: 32 hexadecimal digits, random. */
  trace(): string {
    // One call for many: the system's generator costs over a microsecond, however little is asked for.
    if (this.at === this.traces.length) {
      this.traces = randomBytes((POOLED_TRACES * TRACE_DIGITS) / 2).toString('hex')
      this.at = 0
    }
    this.at += TRACE_DIGITS
    return this.traces.slice(this.at - TRACE_DIGITS, this.at)
  }
}
