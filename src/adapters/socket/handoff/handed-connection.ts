import { Socket } from 'node:net'
import type { HandedConnection } from '../../../ports/workers/worker-processes.js'
import type { ConnectionHandle } from '../net/lent-reads.js'

/**
 * A connection that one process hands to another, at either end of its way.
 *
 * @param handle the one under a socket, or the socket itself, where Node's handles look different
 */
export function handedConnection(handle: unknown): HandedConnection {
  return handle instanceof Socket ? handedSocket(handle) : handedHandle(handle as ConnectionHandle)
}

/** To hand the handle alone saves the supervisor a socket for each connection. */
function handedHandle(handle: ConnectionHandle): HandedConnection {
  const release = (): void => handle.close()
  return { handle, release, abort: () => (handle.reset === undefined ? release() : handle.reset()) }
}

function handedSocket(socket: Socket): HandedConnection {
  // One that fails while it waits is found out by the one who serves it.
  socket.on('error', () => undefined)
  return { handle: socket, release: () => socket.destroy(), abort: () => socket.resetAndDestroy() }
}
