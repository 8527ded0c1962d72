import type { EngineContent } from '../../ports/serving/engine.js'

/**
 * The content of a request, read at the handler's pace.
 *
 * It takes no content from the connection before the handler asks for it. While the handler is slow, the connection is
 * not read, and the peer is held back.
 */
export class ContentReader implements EngineContent {
  /** Whether the next piece has been asked for. */
  wants = false
  /** Whether the handler waits for that piece: then the peer's deadline runs, and the handler's does not. */
  isAwaited = false

  private readonly pieces: Buffer[] = []
  private isAhead = false
  private taken = false
  private ended = false
  private error: Error | null = null
  private wake: (() => void) | null = null

  /** @param wanted called when a piece is asked for, or when the handler begins to wait for it; it may push the piece */
  constructor(private readonly wanted: () => void) {}

  /** Adds a piece of content. The reader owns it from now on. */
  push(piece: Buffer): void {
    this.pieces.push(piece)
    this.settle()
  }

  /** The content is complete. */
  end(): void {
    this.ended = true
    this.settle()
  }

  /** No further content will arrive: the peer disconnected, or broke the framing. */
  fail(error: Error): void {
    this.error ??= error
    this.settle()
  }

  /** Asks for pieces before the handler waits for them, from now on. */
  fetchAhead(): void {
    this.isAhead = true
  }

  /** The handler waits for the next piece. Returns whether it waits for the peer. */
  awaited(): boolean {
    if (this.wants) this.ask(true)
    return this.isAwaited
  }

  /**
   * Yields the pieces in order.
   *
   * @throws {TypeError} when the content has been read before: it is not stored
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    if (this.taken) throw new TypeError('Cannot read the content again: it can be read only once')
    this.taken = true
    for (;;) {
      for (let piece = this.pieces.shift(); piece !== undefined; piece = this.pieces.shift()) yield piece
      if (this.error !== null) throw this.error
      if (this.ended) return
      await this.arrival()
    }
  }

  /** Reads the whole content. */
  async bytes(): Promise<Buffer> {
    const pieces: Buffer[] = []
    for await (const piece of this) pieces.push(piece)
    return pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces)
  }

  private async arrival(): Promise<void> {
    const arrived = new Promise<void>((resolve) => (this.wake = resolve))
    this.ask(!this.isAhead)
    await arrived
  }

  private ask(isAwaited: boolean): void {
    this.wants = true
    this.isAwaited = isAwaited
    this.wanted()
  }

  private settle(): void {
    this.wants = this.isAwaited = false
    this.wake?.()
    this.wake = null
  }
}

/** Makes the reader of a request without content. */
export function noContent(): ContentReader {
  const reader = new ContentReader(() => undefined)
  reader.end()
  return reader
}
