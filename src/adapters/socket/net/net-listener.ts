import { createServer, type Socket } from 'node:net'
import type { Address, Listener, Listening, Transport } from '../../../ports/serving/transport.js'
import type { ConnectionSetup } from './connection-setup.js'
import { onLentConnection } from './lent-reads.js'
import { bind, listening } from './listening.js'

/** Listens with Node's own sockets, which work on every platform. */
export class NetListener implements Listener {
  readonly name = 'net'

  /** @param readChunkSize octets per read */
  constructor(
    private readonly readChunkSize: number,
    private readonly setup: ConnectionSetup,
  ) {}

  async listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    const { readChunkSize, setup } = this
    const server = createServer({ allowHalfOpen: true })
    await bind(server, at)
    onLentConnection(server, readChunkSize, setup.receive, (socket) => setup.setUp(withoutDelay(socket), accept))
    return listening(server, setup)
  }
}

/**
 * Turns Nagle's algorithm off: octets that belong together are sent in one write anyway. TCP keep-alive probes stay off,
 * which saves four system calls per connection: each state of a connection has a deadline of ours.
 */
export function withoutDelay(socket: Socket): Socket {
  return socket.setNoDelay(true)
}
