import { Socket } from 'node:net'
import type { Transport } from '../../../ports/serving/transport.js'
import type { HandedConnection } from '../../../ports/workers/worker-processes.js'
import type { ConnectionAdopter } from './handed-listener.js'
import { lentSockets, readFresh, type ConnectionHandle } from '../net/lent-reads.js'
import { withoutDelay } from '../net/net-listener.js'
import type { ConnectionSetup } from '../net/connection-setup.js'

/** Adopts handed connections as Node's own sockets. */
export class SocketAdopter implements ConnectionAdopter {
  readonly name = 'net'
  private readonly socketFor: (connection: ConnectionHandle) => Socket

  /** @param readChunkSize bytes per read */
  constructor(
    readChunkSize: number,
    private readonly setup: ConnectionSetup,
  ) {
    this.socketFor = lentSockets(readChunkSize, setup.receive)
  }

  adopt({ handle }: HandedConnection, accept: (transport: Transport) => void): void {
    this.setup.setUp(withoutDelay(this.socketOf(handle)), accept)
  }

  close(): Promise<void> {
    return this.setup.close()
  }

  giveUpAll(): void {
    this.setup.giveUpAll()
  }

  private socketOf(handle: unknown): Socket {
    if (!(handle instanceof Socket)) return this.socketFor(handle as ConnectionHandle)
    // The hand-off loses this option, and the acceptor paused the socket.
    handle.allowHalfOpen = true
    return readFresh(handle, this.setup.receive).resume()
  }
}
