import { createServer } from 'node:net'
import type { Address, Listening } from '../../../ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../../ports/workers/worker-processes.js'
import { handedConnection } from './handed-connection.js'
import { onHandle } from '../net/lent-reads.js'
import { bind, listening } from '../net/listening.js'

/** What others serve is not ours to wait for. */
const NOBODY = { close: (): Promise<void> => Promise.resolve(), cut: (): void => undefined }

/** Takes connections by Node's own sockets, and reads none of them: others will. */
export class NetAcceptor implements Acceptor {
  async listen(at: Address, arrived: (connection: HandedConnection) => void): Promise<Listening> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    await bind(server, at)
    const take = (handle: unknown): void => arrived(handedConnection(handle))
    if (!onHandle(server, take)) server.on('connection', take)
    return listening(server, NOBODY)
  }
}
