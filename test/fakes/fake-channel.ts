import type {
  FromWorker,
  HandedConnection,
  WorkerReceiver,
  SupervisorChannel,
  ToWorker,
} from '../../src/ports/workers/worker-processes.js'

/** A channel whose other end the test holds, as the supervisor. */
export class FakeLine implements SupervisorChannel {
  readonly heard: FromWorker[] = []
  #receiver: WorkerReceiver | null = null
  #isGone = false

  begin(receiver: WorkerReceiver): void {
    this.#receiver = receiver
  }

  send(message: FromWorker): void {
    if (!this.#isGone) this.heard.push(message)
  }

  async close(): Promise<void> {}

  say(message: ToWorker, connection: HandedConnection | null = null): void {
    this.#receiver!.received(message, connection)
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
