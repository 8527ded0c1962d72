import type { FromWorker, HandedConnection, OrdersReceiver, SupervisorLine, ToWorker } from '../../ports/workers.js'

/** The line to the process that forked this one. */
export class ParentLine implements SupervisorLine {
  private left: Promise<void> = Promise.resolve()

  /** @param handed makes a connection of the handle that came over the line */
  constructor(private readonly handed: (handle: unknown) => HandedConnection) {}

  begin(receiver: OrdersReceiver): void {
    process.on('message', (message, handle: unknown) => {
      receiver.told(message as ToWorker, handle === undefined || handle === null ? null : this.handed(handle))
    })
    process.on('disconnect', () => receiver.lost())
    if (!process.connected) setImmediate(() => receiver.lost())
  }

  tell(message: FromWorker): void {
    if (!process.connected) return
    this.left = new Promise((resolve) => process.send!(message, undefined, undefined, () => resolve()))
  }

  close(): Promise<void> {
    const lost = new Promise<void>((resolve) => process.once('disconnect', resolve))
    return process.connected ? Promise.race([this.left, lost]) : Promise.resolve()
  }
}
