import { createServer, type Socket } from 'node:net'
import type { Address, Listener, Listening, Transport } from '../../../ports/serving/transport.js'
import { onLentConnection } from './lent-reads.js'
import { bind, listening } from './listening.js'
import type { ConnectionSetup } from './connection-setup.js'

/** Node's own sockets, for every platform. */
export class NetListener implements Listener {
  readonly name = 'net'

  /** @param readChunkSize octets per read */
  constructor(
    private readonly readChunkSize: number,
    private readonly reception: ConnectionSetup,
  ) {}

  async listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    const { readChunkSize, reception } = this
    const server = createServer({ allowHalfOpen: true })
    await bind(server, at)
    onLentConnection(server, readChunkSize, reception.take, (socket) => reception.setUp(prompt(socket), accept))
    return listening(server, reception)
  }
}

/**
 * No Nagle: what belongs together leaves in one write. No TCP keep-alive probes, four system calls per connection:
 * every state of a connection has a deadline of ours.
 */
export function prompt(socket: Socket): Socket {
  return socket.setNoDelay(true)
}
