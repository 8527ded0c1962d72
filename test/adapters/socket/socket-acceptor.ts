import { createServer } from 'node:net'
import { handedConnection } from '../../../src/adapters/socket/handoff/handed-connection.js'
import { bind, listening } from '../../../src/adapters/socket/net/listening.js'
import { PlainSetup } from '../../../src/adapters/socket/net/connection-setup.js'
import type { Address, Listening } from '../../../src/ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../../src/ports/workers/worker-processes.js'

/** An acceptor that passes on sockets, as `NetAcceptor` does where Node's handles have another shape than expected. */
export class SocketAcceptor implements Acceptor {
  async listen(at: Address, accept: (connection: HandedConnection) => void): Promise<Listening> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    await bind(server, at)
    server.on('connection', (socket) => accept(handedConnection(socket)))
    return listening(server, new PlainSetup(0))
  }
}
