/**
 * Views of the beginning of a buffer are kept up to this length, as they come to be used: most reads are short, and a
 * new view costs 0.2 µs, twice what it costs to read a request line.
 */
const KEPT_VIEWS = 2048

/** A buffer that is read into over and over; who takes what was read is lent a view of it. */
export class LentBuffer {
  readonly octets: Buffer
  private readonly views: (Buffer | undefined)[]

  /** @param size in octets */
  constructor(size: number) {
    this.octets = Buffer.allocUnsafeSlow(size)
    this.views = Array.from({ length: KEPT_VIEWS + 1 }, () => undefined)
  }

  /** A view of so many octets. */
  first(length: number): Buffer {
    if (length > KEPT_VIEWS) return this.octets.subarray(0, length)
    return (this.views[length] ??= this.octets.subarray(0, length))
  }
}
