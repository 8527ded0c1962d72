/** Buffers of one size, used again. Lends as many as are asked for, keeps a bounded number of those that come back. */
export class BufferPool {
  readonly #free: Buffer[] = []

  /**
   * @param size of each buffer, in octets
   * @param keep how many free buffers are held at most
   */
  constructor(
    readonly size: number,
    readonly keep: number,
  ) {}

  /** A buffer with arbitrary octets in it. */
  take(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(this.size)
  }

  /** Takes a buffer back; nothing may read or write it any more. */
  give(buffer: Buffer): void {
    if (this.#free.length < this.keep) this.#free.push(buffer)
  }
}
