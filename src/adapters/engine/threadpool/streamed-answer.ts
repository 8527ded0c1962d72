import { creditFor, ReceiveWindow } from '../../../domain/threadpool/credit-window.js'

/** What the reader of a stream tells the thread that makes it. */
export interface StreamControl {
  /** The content is wanted from now on. */
  want(): void
  consumed(credit: number): void
  /** No more is wanted. */
  cancel(): void
}

/** The content of a response that a handler thread makes, read at the pace that the peer takes it. */
export class StreamedAnswer implements AsyncIterableIterator<Uint8Array> {
  private readonly window = new ReceiveWindow()
  private pieces: Uint8Array[] = []
  /** The credit for the piece that was given last: asking for the next one means that it has been sent. */
  private given = 0
  private isWanted = false
  private isOver = false
  private error: unknown = null
  private wake: (() => void) | null = null

  constructor(private readonly orders: StreamControl) {}

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.askForMore()
    while (this.pieces.length === 0 && !this.isOver) await new Promise<void>((resolve) => (this.wake = resolve))
    const piece = this.pieces.shift()
    if (piece === undefined) return this.last()
    this.given = creditFor(piece.length)
    return { done: false, value: piece }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.isOver) this.orders.cancel()
    this.pieces = []
    this.error = null
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  push(piece: Uint8Array): void {
    this.pieces.push(piece)
    this.wakeUp()
  }

  /** It is complete. */
  end(): void {
    this.isOver = true
    this.wakeUp()
  }

  /** It broke off: what came before is still given. */
  fail(error: unknown): void {
    this.error = error
    this.end()
  }

  private askForMore(): void {
    if (!this.isWanted) {
      this.isWanted = true
      this.orders.want()
    }
    const returned = this.window.consumed(this.given)
    this.given = 0
    if (returned > 0 && !this.isOver) this.orders.consumed(returned)
  }

  private last(): IteratorResult<Uint8Array, undefined> {
    const { error } = this
    this.error = null
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- handlers throw what they like
    if (error !== null) throw error
    return { done: true, value: undefined }
  }

  private wakeUp(): void {
    this.wake?.()
    this.wake = null
  }
}
