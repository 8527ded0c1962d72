import { randomBytes } from 'node:crypto'

const TRACE_DIGITS = 32
const POOLED_TRACES = 256

/** Makes the ids of requests and traces; both cost a few nanoseconds each. */
export class Identifiers {
  // Random per process, so that ids of several processes, or of two lives of one, do not meet.
  private readonly prefix = randomBytes(6).toString('base64url')
  private requests = 0
  private traces = ''
  private at = 0

  /** An id for `X-Request-Id`: unique, short, without meaning. */
  request(): string {
    return `${this.prefix}-${(++this.requests).toString(36)}`
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
