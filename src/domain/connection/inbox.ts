const NO_OCTETS = Buffer.alloc(0)
const SMALLEST_COPY = 256

/**
 * The octets that were received but not read yet.
 *
 * They are read in place, in the buffer that the transport lent. Only octets that are still unread when the buffer goes
 * back (`hold`) are copied. The capacity doubles as needed, so that a head sent octet by octet costs linear time.
 */
export class Inbox {
  octets: Buffer = NO_OCTETS
  /** The unread octets are `octets.subarray(from, to)`. */
  from = 0
  to = 0
  private lent = false

  /** The number of unread octets. */
  get length(): number {
    return this.to - this.from
  }

  /**
   * Adds received octets.
   *
   * @param lent must not change until `hold` is called
   */
  receive(lent: Buffer): void {
    if (this.length > 0) {
      this.append(lent)
      return
    }
    this.octets = lent
    this.from = 0
    this.to = lent.length
    this.lent = true
  }

  /** Copies the unread octets, so that the lent buffer can go back. */
  hold(): void {
    if (this.length === 0) this.clear()
    else if (this.lent) this.moveTo(Buffer.allocUnsafeSlow(Math.max(SMALLEST_COPY, this.length)))
  }

  /** Drops all octets. */
  clear(): void {
    this.octets = NO_OCTETS
    this.from = 0
    this.to = 0
    this.lent = false
  }

  private append(more: Buffer): void {
    if (this.lent || this.octets.length - this.to < more.length) {
      this.moveTo(Buffer.allocUnsafeSlow(Math.max(2 * this.length, this.length + more.length)))
    }
    more.copy(this.octets, this.to)
    this.to += more.length
  }

  private moveTo(buffer: Buffer): void {
    this.octets.copy(buffer, 0, this.from, this.to)
    this.to -= this.from
    this.from = 0
    this.octets = buffer
    this.lent = false
  }
}
