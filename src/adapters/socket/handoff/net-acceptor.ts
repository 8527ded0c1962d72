import { createServer } from 'node:net'
import type { Address, Listening } from '../../../ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../../ports/workers/worker-processes.js'
import { handedConnection } from './handed-connection.js'
import { onHandle } from '../net/lent-reads.js'
import { bind, listening } from '../net/listening.js'

/** Closing waits for no connection: other processes serve them. */
const NO_CONNECTIONS = { close: (): Promise<void> => Promise.resolve(), giveUpAll: (): void => undefined }

/** Accepts connections with Node's own sockets and reads nothing from them: the workers do. */
export class NetAcceptor implements Acceptor {
  async listen(at: Address, accept: (connection: HandedConnection) => void): Promise<Listening> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    await bind(server, at)
    const acceptHandle = (handle: unknown): void => accept(handedConnection(handle))
    if (!onHandle(server, acceptHandle)) server.on('connection', acceptHandle)
    return listening(server, NO_CONNECTIONS)
  }
}
