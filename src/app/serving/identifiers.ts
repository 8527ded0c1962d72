import { randomBytes } from 'node:crypto'

const TRACE_DIGITS = 32
const POOLED_TRACES = 256

/** All pairs of base-36 digits. Counting with them costs a third of converting each number to a string. */
const LOW_DIGITS = Array.from({ length: 36 ** 2 }, (_, number) => number.toString(36).padStart(2, '0'))

/** Makes the ids of requests and traces, at a few nanoseconds each. */
export class Identifiers {
  // Random, so that the ids of several processes differ, and those of one process before and after a restart.
  private readonly prefix = randomBytes(6).toString('base64url')
  private requests = 0
  private highDigits = `${this.prefix}-`
  private traces = ''
  private at = 0

  /** Returns an id for `X-Request-Id`: unique, short, without meaning. */
  request(): string {
    const low = ++this.requests % LOW_DIGITS.length
    if (low === 0) this.highDigits = `${this.prefix}-${(this.requests / LOW_DIGITS.length).toString(36)}`
    return this.highDigits + LOW_DIGITS[low]!
  }

  /** Returns a random W3C trace id: 32 hexadecimal digits. */
  trace(): string {
    // One call makes many ids: a call of the system's generator costs over a microsecond, even for a few octets.
    if (this.at === this.traces.length) {
      this.traces = randomBytes((POOLED_TRACES * TRACE_DIGITS) / 2).toString('hex')
      this.at = 0
    }
    this.at += TRACE_DIGITS
    return this.traces.slice(this.at - TRACE_DIGITS, this.at)
  }
}
