import { Socket } from 'node:net'
import type { Transport } from '../../../ports/serving/transport.js'
import type { HandedConnection } from '../../../ports/workers/worker-processes.js'
import type { ConnectionAdopter } from './handed-listener.js'
import { lentSockets, readFresh, type ConnectionHandle } from '../net/lent-reads.js'
import { withoutDelay } from '../net/net-listener.js'
import type { ConnectionSetup } from '../net/connection-setup.js'

/** Serves connections that were handed over by Node's own sockets. */
export class SocketAdopter implements ConnectionAdopter {
  readonly name = 'net'
  private readonly lending: (connection: ConnectionHandle) => Socket

  /** @param readChunkSize octets per read */
  constructor(
    readChunkSize: number,
    private readonly reception: ConnectionSetup,
  ) {
    this.lending = lentSockets(readChunkSize, reception.receive)
  }

  adopt({ handle }: HandedConnection, accept: (transport: Transport) => void): void {
    this.reception.setUp(withoutDelay(this.socketOf(handle)), accept)
  }

  close(): Promise<void> {
    return this.reception.close()
  }

  cut(): void {
    this.reception.cut()
  }

  private socketOf(handle: unknown): Socket {
    if (!(handle instanceof Socket)) return this.lending(handle as ConnectionHandle)
    // Handing it over does not keep this; and it was paused at the door.
    handle.allowHalfOpen = true
    return readFresh(handle, this.reception.receive).resume()
  }
}
