/** Reuses buffers of one size. `take` always returns one; only a bounded number of returned buffers is kept. */
export class BufferPool {
  private readonly free: Buffer[] = []

  /**
   * @param size of each buffer, in octets
   * @param keep number of free buffers kept at most
   */
  constructor(
    readonly size: number,
    readonly keep: number,
  ) {}

  /** @returns a buffer with arbitrary octets in it */
  take(): Buffer {
    return this.free.pop() ?? Buffer.allocUnsafeSlow(this.size)
  }

  /** Returns a buffer; nothing may read or write it any more. */
  giveBack(buffer: Buffer): void {
    if (this.free.length < this.keep) this.free.push(buffer)
  }
}
