import type {
  FromWorker,
  HandedConnection,
  WorkerReceiver,
  SupervisorChannel,
  ToWorker,
} from '../../ports/workers/worker-processes.js'

/** The channel to the process that forked this one. */
export class ParentChannel implements SupervisorChannel {
  private sent: Promise<void> = Promise.resolve()

  /** @param toConnection wraps a handle that arrived with a message */
  constructor(private readonly toConnection: (handle: unknown) => HandedConnection) {}

  begin(receiver: WorkerReceiver): void {
    process.on('message', (message, handle: unknown) => {
      receiver.received(message as ToWorker, handle === undefined || handle === null ? null : this.toConnection(handle))
    })
    process.on('disconnect', () => receiver.lost())
    if (!process.connected) setImmediate(() => receiver.lost())
  }

  send(message: FromWorker): void {
    if (!process.connected) return
    this.sent = new Promise((resolve) => process.send!(message, undefined, undefined, () => resolve()))
  }

  close(): Promise<void> {
    const lost = new Promise<void>((resolve) => process.once('disconnect', resolve))
    return process.connected ? Promise.race([this.sent, lost]) : Promise.resolve()
  }
}
