import { Socket } from 'node:net'
import type { HandedConnection } from '../../../ports/workers/worker-processes.js'
import type { ConnectionHandle } from '../net/lent-reads.js'

/**
 * Wraps a connection for the hand-off between processes, in the process that sends it and in the one that receives it.
 *
 * @param handle Node's handle of a socket, or the socket itself where Node's handles have another shape than expected
 */
export function handedConnection(handle: unknown): HandedConnection {
  return handle instanceof Socket ? handedSocket(handle) : handedHandle(handle as ConnectionHandle)
}

/** Hands off the bare handle: the supervisor needs no socket object for each connection. */
function handedHandle(handle: ConnectionHandle): HandedConnection {
  const release = (): void => handle.close()
  return { handle, release, abort: () => (handle.reset === undefined ? release() : handle.reset()) }
}

function handedSocket(socket: Socket): HandedConnection {
  // A socket that fails while it waits is dealt with by the worker that serves it.
  socket.on('error', () => undefined)
  return { handle: socket, release: () => socket.destroy(), abort: () => socket.resetAndDestroy() }
}
