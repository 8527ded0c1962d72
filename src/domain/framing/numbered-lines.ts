import { flat } from '../octets/flat-string.js'

/** Lines for numbers below this one are cached; most services use only a few of them. */
const CACHED = 1024

/**
 * Field lines that differ only by a number, such as `Content-Length: 5`. Each is made when it is first needed and then
 * cached: making it again, and flattening it when it is sent, costs more than the rest of a short head.
 */
export class NumberedLines {
  private readonly cached: string[] = Array.from({ length: CACHED }, () => '')

  /** @param before the text before the number, which ends the line */
  constructor(private readonly before: string) {}

  /** The line for a number, ended by CRLF. */
  of(value: number): string {
    if (value >= CACHED) return this.make(value)
    const cached = this.cached[value]!
    return cached === '' ? (this.cached[value] = flat(this.make(value))) : cached
  }

  private make(value: number): string {
    return `${this.before}${value}\r\n`
  }
}
