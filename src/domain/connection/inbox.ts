const NO_OCTETS = Buffer.alloc(0)
const SMALLEST_COPY = 256

/**
 * The octets that arrived and are not read yet.
 *
 * They are read where they lie, in the buffer that the transport lent; only what is left over when the buffer goes
 * back (`hold`) is copied. Room doubles as needed, so that a head sent octet by octet costs linear time.
 */
export class Inbox {
  octets: Buffer = NO_OCTETS
  /** The unread octets are those from `from` to `to`. */
  from = 0
  to = 0
  private lent = false

  get length(): number {
    return this.to - this.from
  }

  /** @param lent must stay as it is until `hold` is called */
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

  /** Keeps a copy of what is unread, so that the lent buffer can go back. */
  hold(): void {
    if (this.length === 0) this.clear()
    else if (this.lent) this.moveTo(Buffer.allocUnsafeSlow(Math.max(SMALLEST_COPY, this.length)))
  }

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

  private moveTo(room: Buffer): void {
    this.octets.copy(room, 0, this.from, this.to)
    this.to -= this.from
    this.from = 0
    this.octets = room
    this.lent = false
  }
}
