import type {
  FromWorker,
  HandedConnection,
  WorkerReceiver,
  SupervisorChannel,
  ToWorker,
} from '../../src/ports/workers/worker-processes.js'

/** A channel whose other end the test holds, in the place of the supervisor. */
export class FakeChannel implements SupervisorChannel {
  /** Messages of the worker, in order. */
  readonly sent: FromWorker[] = []
  private receiver: WorkerReceiver | null = null
  private isClosed = false

  begin(receiver: WorkerReceiver): void {
    this.receiver = receiver
  }

  send(message: FromWorker): void {
    if (!this.isClosed) this.sent.push(message)
  }

  async close(): Promise<void> {}

  /** Delivers a message of the supervisor. */
  deliver(message: ToWorker, connection: HandedConnection | null = null): void {
    this.receiver!.received(message, connection)
  }

  /** Closes the channel, as the end of the supervisor does. */
  disconnect(): void {
    this.isClosed = true
    this.receiver!.lost()
  }

  /** Kinds of the worker's messages, in order. */
  get sentKinds(): string[] {
    return this.sent.map(({ kind }) => kind)
  }
}
