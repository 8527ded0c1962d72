import { read } from 'node:fs'
import type { FilePart } from '../../../ports/serving/file-part.js'
import type { BufferPool } from '../shared/buffer-pool.js'

const NOTHING = Buffer.alloc(0)

/**
 * A file part on its way out, read piece by piece into one buffer. The owner reads a piece, takes it, writes it, and
 * asks for the next only when that write is complete, so a reader that stalls holds one buffer and no more.
 */
export class FileSend {
  readonly #part: FilePart
  readonly #pool: BufferPool
  #offset: number
  #left: number
  #buffer: Buffer | null = null
  #piece: Buffer = NOTHING
  #reading = false
  /** What hindered reading. */
  #error: Error | null = null
  #released = false
  /** How it ended, while a read under way still needs descriptor and buffer. */
  #releaseAfterRead: (() => void) | null = null

  constructor(part: FilePart, pool: BufferPool) {
    this.#part = part
    this.#pool = pool
    this.#offset = part.offset
    this.#left = part.length
  }

  /** Whether a piece has been read and not been taken. */
  get ready(): boolean {
    return this.#piece.length > 0
  }

  /** Whether the last octet has been read. */
  get complete(): boolean {
    return this.#left === 0
  }

  /**
   * Reads the next piece. Only after the last one was written, and not when complete.
   *
   * @param done gets the error when no octet could be read: the platform's, or that the file fell short
   */
  read(done: (error: Error | null) => void): void {
    this.#buffer ??= this.#pool.take()
    this.#reading = true
    const wanted = Math.min(this.#left, this.#buffer.length)
    read(this.#part.descriptor, this.#buffer, 0, wanted, this.#offset, (error, count) => {
      this.#reading = false
      this.#advance(error, count)
      done(this.#error)
      this.#releaseAfterRead?.()
    })
  }

  /** The piece that was read; it stays intact until the next `read` or `release`. */
  take(): Buffer {
    const piece = this.#piece
    this.#piece = NOTHING
    return piece
  }

  /**
   * Gives descriptor and buffer back, once; a read under way is waited for.
   *
   * @param error why not all octets were sent, `null` when they were; an error of reading the file goes before it
   */
  release(error: Error | null): void {
    if (this.#released) return
    this.#released = true
    if (this.#reading) this.#releaseAfterRead = () => this.#giveBack(error)
    else this.#giveBack(error)
  }

  #advance(error: Error | null, count: number): void {
    if (error !== null || count === 0) {
      this.#error = error ?? new Error(`Cannot send the file: it ended ${this.#left} octets short of what was promised`)
      return
    }
    this.#piece = this.#buffer!.subarray(0, count)
    this.#offset += count
    this.#left -= count
  }

  #giveBack(error: Error | null): void {
    if (this.#buffer !== null) this.#pool.give(this.#buffer)
    this.#buffer = null
    this.#part.released(this.#error ?? error)
  }
}
