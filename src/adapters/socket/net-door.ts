import { createServer, type Socket } from 'node:net'
import type { Address, Listening } from '../../ports/transport.js'
import type { Door, HandedConnection } from '../../ports/workers.js'
import { onHandle, type ConnectionHandle } from './lent-reads.js'
import { bind, listening } from './listening.js'

/** Takes connections by Node's own sockets, and reads none of them: others will. */
export class NetDoor implements Door {
  async listen(at: Address, arrived: (connection: HandedConnection) => void): Promise<Listening> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    await bind(server, at)
    if (!onHandle(server, (handle) => arrived(handedHandle(handle)))) {
      server.on('connection', (socket) => arrived(handedSocket(socket)))
    }
    return listening(server)
  }
}

/** To hand the handle alone saves the supervisor a socket for each connection. */
function handedHandle(handle: ConnectionHandle): HandedConnection {
  const release = (): void => handle.close()
  return { handle, release, abort: () => (handle.reset === undefined ? release() : handle.reset()) }
}

/** Where Node's handles look different. */
export function handedSocket(socket: Socket): HandedConnection {
  // One that fails while it waits is found out by the worker.
  socket.on('error', () => undefined)
  return { handle: socket, release: () => socket.destroy(), abort: () => socket.resetAndDestroy() }
}
