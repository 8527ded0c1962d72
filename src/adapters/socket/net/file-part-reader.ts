import { read } from 'node:fs'
import type { FilePart } from '../../../ports/serving/file-part.js'
import type { BufferPool } from '../shared/buffer-pool.js'
import { fileFellShort, type QueuedFile } from '../shared/queued-transport.js'

const NO_OCTETS = Buffer.alloc(0)

/**
 * Reads a file part piece by piece into one buffer.
 *
 * The owner reads a piece, takes it, writes it, and reads the next one only when that write is complete, so a peer that
 * stops reading holds no more than one buffer.
 */
export class FilePartReader implements QueuedFile {
  private offset: number
  private remaining: number
  private buffer: Buffer | null = null
  private piece: Buffer = NO_OCTETS
  private isReading = false
  private readError: Error | null = null
  private isReleased = false
  /** Set by a `release` during a read, which still needs descriptor and buffer. */
  private releaseAfterRead: (() => void) | null = null

  /** @param pool its buffers determine the size of a piece */
  constructor(
    private readonly part: FilePart,
    private readonly pool: BufferPool,
  ) {
    this.offset = part.offset
    this.remaining = part.length
  }

  /** Whether a piece has been read and not been taken. */
  get isReady(): boolean {
    return this.piece.length > 0
  }

  /** Whether the last octet has been read. */
  get isComplete(): boolean {
    return this.remaining === 0
  }

  /**
   * Reads the next piece. Only after the last one was written, and not when complete.
   *
   * @param done gets the error when no octet could be read: the platform's, or that the file fell short
   */
  read(done: (error: Error | null) => void): void {
    this.buffer ??= this.pool.take()
    this.isReading = true
    const wanted = Math.min(this.remaining, this.buffer.length)
    read(this.part.descriptor, this.buffer, 0, wanted, this.offset, (error, count) => {
      this.isReading = false
      this.advance(error, count)
      done(this.readError)
      this.releaseAfterRead?.()
    })
  }

  /** @returns the piece that was read; it stays intact until the next `read` or `release` */
  take(): Buffer {
    const { piece } = this
    this.piece = NO_OCTETS
    return piece
  }

  /**
   * Gives descriptor and buffer back, once, and not before a read in progress has ended.
   *
   * @param error why not all octets were sent, `null` when they were; an error of reading the file takes precedence
   */
  release(error: Error | null): void {
    if (this.isReleased) return
    this.isReleased = true
    if (this.isReading) this.releaseAfterRead = () => this.giveBack(error)
    else this.giveBack(error)
  }

  private advance(error: Error | null, count: number): void {
    if (error !== null || count === 0) {
      this.readError = error ?? fileFellShort(this.remaining)
      return
    }
    this.piece = this.buffer!.subarray(0, count)
    this.offset += count
    this.remaining -= count
  }

  private giveBack(error: Error | null): void {
    if (this.buffer !== null) this.pool.giveBack(this.buffer)
    this.buffer = null
    this.part.released(this.readError ?? error)
  }
}
