import { flat } from '../octets/flat-string.js'

/** Lines are kept for the numbers below; there are few of them in most services. */
const KEPT = 1024

/**
 * Field lines that differ by a number. Each is made when it is first needed, and kept: to join its parts anew, and to copy
 * it piece by piece when it is sent, costs more than the rest of a short head.
 */
export class NumberedLines {
  private readonly kept: string[] = Array.from({ length: KEPT }, () => '')

  /** @param before what stands before the number; behind it the line ends */
  constructor(private readonly before: string) {}

  /** The line, ended by CRLF. */
  of(value: number): string {
    if (value >= KEPT) return this.make(value)
    const kept = this.kept[value]!
    return kept === '' ? (this.kept[value] = flat(this.make(value))) : kept
  }

  private make(value: number): string {
    return `${this.before}${value}\r\n`
  }
}
