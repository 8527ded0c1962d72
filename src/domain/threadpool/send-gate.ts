import { creditFor, SendWindow } from './credit-window.js'

/** Holds back the pieces of a stream until the other side has room for them. */
export class SendGate {
  private readonly window = new SendWindow()
  private closed = false
  private wake: (() => void) | null = null

  /**
   * Waits for room for a piece.
   *
   * @returns whether the piece may be sent, and then it must be; false when nobody wants it any more
   */
  async admits(octets: number): Promise<boolean> {
    const credit = creditFor(octets)
    while (!this.closed && !this.window.admits(credit)) await this.change()
    if (!this.closed) this.window.sent(credit)
    return !this.closed
  }

  /** The other side gives so much credit back. */
  returned(credit: number): void {
    this.window.returned(credit)
    this.wakeUp()
  }

  /** Nobody wants any more of it. */
  close(): void {
    this.closed = true
    this.wakeUp()
  }

  private change(): Promise<void> {
    return new Promise((resolve) => (this.wake = resolve))
  }

  private wakeUp(): void {
    this.wake?.()
    this.wake = null
  }
}
