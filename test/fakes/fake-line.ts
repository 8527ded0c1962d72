import type { FromWorker, HandedConnection, OrdersReceiver, SupervisorLine, ToWorker } from '../../src/ports/workers.js'

/** A line whose other end the test holds, as the supervisor. */
export class FakeLine implements SupervisorLine {
  readonly heard: FromWorker[] = []
  #receiver: OrdersReceiver | null = null
  #isGone = false

  begin(receiver: OrdersReceiver): void {
    this.#receiver = receiver
  }

  tell(message: FromWorker): void {
    if (!this.#isGone) this.heard.push(message)
  }

  async close(): Promise<void> {}

  say(message: ToWorker, connection: HandedConnection | null = null): void {
    this.#receiver!.told(message, connection)
  }

  /** The supervisor is gone. */
  leave(): void {
    this.#isGone = true
    this.#receiver!.lost()
  }

  get kinds(): string[] {
    return this.heard.map(({ kind }) => kind)
  }
}
