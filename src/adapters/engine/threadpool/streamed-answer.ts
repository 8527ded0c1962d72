import { creditFor, ReceiveWindow } from '../../../domain/threadpool/credit-window.js'

/** Controls the handler thread that produces a stream. */
export interface StreamControl {
  /** The thread may send content from now on. */
  pull(): void
  /** Returns credit for consumed content. */
  returnCredit(credit: number): void
  /** The rest is not wanted. */
  cancel(): void
}

/** The content of a response that a handler thread produces, at the pace at which the peer reads it. */
export class StreamedAnswer implements AsyncIterableIterator<Uint8Array> {
  private readonly window = new ReceiveWindow()
  private pieces: Uint8Array[] = []
  /** The credit of the latest piece that was read. The reader has sent that piece when it asks for the next one. */
  private unreturned = 0
  private isPulled = false
  private isOver = false
  private error: unknown = null
  private wake: (() => void) | null = null

  constructor(private readonly control: StreamControl) {}

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    this.askForMore()
    while (this.pieces.length === 0 && !this.isOver) await new Promise<void>((resolve) => (this.wake = resolve))
    const piece = this.pieces.shift()
    if (piece === undefined) return this.last()
    this.unreturned = creditFor(piece.length)
    return { done: false, value: piece }
  }

  return(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (!this.isOver) this.control.cancel()
    this.pieces = []
    this.error = null
    this.end()
    return Promise.resolve({ done: true, value: undefined })
  }

  /** A piece arrived. */
  push(piece: Uint8Array): void {
    this.pieces.push(piece)
    this.wakeUp()
  }

  /** The content is complete. */
  end(): void {
    this.isOver = true
    this.wakeUp()
  }

  /** The content ends here with an error. The reader still gets the pieces that arrived before. */
  fail(error: unknown): void {
    this.error = error
    this.end()
  }

  private askForMore(): void {
    if (!this.isPulled) {
      this.isPulled = true
      this.control.pull()
    }
    const returned = this.window.consumed(this.unreturned)
    this.unreturned = 0
    if (returned > 0 && !this.isOver) this.control.returnCredit(returned)
  }

  private last(): IteratorResult<Uint8Array, undefined> {
    const { error } = this
    this.error = null
    // eslint-disable-next-line @typescript-eslint/only-throw-error -- handlers may throw anything
    if (error !== null) throw error
    return { done: true, value: undefined }
  }

  private wakeUp(): void {
    this.wake?.()
    this.wake = null
  }
}
