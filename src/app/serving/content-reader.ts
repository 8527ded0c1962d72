import type { EngineContent } from '../../ports/serving/engine.js'

/**
 * The content of a request on its way to a handler: read at the handler's pace.
 *
 * Nothing is taken from the connection before it is asked for; while the handler is slow, the connection is not read and
 * the peer is held back.
 */
export class ContentReader implements EngineContent {
  /** Whether a piece is asked for. */
  wants = false
  /** Whether it is the handler who waits for it, so that time runs against the peer and not against the handler. */
  isAwaited = false

  private readonly pieces: Buffer[] = []
  private isAhead = false
  private taken = false
  private ended = false
  private error: Error | null = null
  private wake: (() => void) | null = null

  /** @param wanted called when a piece is asked for, or becomes awaited; it may be pushed during the call */
  constructor(private readonly wanted: () => void) {}

  /** A piece of content; it is the reader's own from now on. */
  push(piece: Buffer): void {
    this.pieces.push(piece)
    this.settle()
  }

  /** The content is complete. */
  end(): void {
    this.ended = true
    this.settle()
  }

  /** No more will come: the peer left, or broke the framing. */
  fail(error: Error): void {
    this.error ??= error
    this.settle()
  }

  fetchAhead(): void {
    this.isAhead = true
  }

  awaited(): boolean {
    if (this.wants) this.ask(true)
    return this.isAwaited
  }

  /**
   * The pieces, in order.
   *
   * @throws {TypeError} when the content has been asked for before: it is not kept
   */
  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer, void> {
    if (this.taken) throw new TypeError('Cannot read the content again: it can be read once')
    this.taken = true
    for (;;) {
      for (let piece = this.pieces.shift(); piece !== undefined; piece = this.pieces.shift()) yield piece
      if (this.error !== null) throw this.error
      if (this.ended) return
      await this.arrival()
    }
  }

  /** The whole content. */
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

/** The content of a request that has none. */
export function noContent(): ContentReader {
  const reader = new ContentReader(() => undefined)
  reader.end()
  return reader
}
