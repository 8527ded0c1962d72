import { creditFor, SendWindow } from './credit-window.js'

/** Holds back the pieces of a stream until the receiving thread has credit for them. */
export class SendGate {
  private readonly window = new SendWindow()
  private closed = false
  private wake: (() => void) | null = null

  /**
   * Waits until a piece may be sent.
   *
   * @returns true when the piece may be sent, and the caller must then send it; false once the gate is closed
   */
  async admits(octets: number): Promise<boolean> {
    const credit = creditFor(octets)
    while (!this.closed && !this.window.admits(credit)) await this.change()
    if (!this.closed) this.window.sent(credit)
    return !this.closed
  }

  /** The receiver returned credit. */
  returned(credit: number): void {
    this.window.returned(credit)
    this.wakeUp()
  }

  /** Admits nothing more: the receiver does not want the rest of the stream. */
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
