import type {
  FromWorker,
  HandedConnection,
  WorkerReceiver,
  SupervisorChannel,
  ToWorker,
} from '../../ports/workers/worker-processes.js'

/** The line to the process that forked this one. */
export class ParentChannel implements SupervisorChannel {
  private left: Promise<void> = Promise.resolve()

  /** @param handed makes a connection of the handle that came over the line */
  constructor(private readonly handed: (handle: unknown) => HandedConnection) {}

  begin(receiver: WorkerReceiver): void {
    process.on('message', (message, handle: unknown) => {
      receiver.received(message as ToWorker, handle === undefined || handle === null ? null : this.handed(handle))
    })
    process.on('disconnect', () => receiver.lost())
    if (!process.connected) setImmediate(() => receiver.lost())
  }

  send(message: FromWorker): void {
    if (!process.connected) return
    this.left = new Promise((resolve) => process.send!(message, undefined, undefined, () => resolve()))
  }

  close(): Promise<void> {
    const lost = new Promise<void>((resolve) => process.once('disconnect', resolve))
    return process.connected ? Promise.race([this.left, lost]) : Promise.resolve()
  }
}
