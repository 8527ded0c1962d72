import { Socket, type OnReadOpts, type Server } from 'node:net'
import { LentBuffer } from '../shared/lent-buffer.js'

/**
 * Reading without a stream: libuv reads into a buffer of ours (`onread`) and calls back at once, so nothing is allocated
 * per read and one buffer serves every socket of a listener. `onread` is taken by the constructor of a socket alone, and
 * a server constructs its sockets itself; so we take a connection before the server does. The objects under servers and
 * sockets are not in Node's documentation (these are the same in Node 20 to 24): where one looks different, sockets are
 * read by their `data` events. To move the handle of an accepted socket into a second socket works too, but costs 0.3 to
 * 0.9 kB more per idle connection.
 */

/** Windows reads ahead of the call back, into the buffer it was given before: there each socket needs its own. */
const SHARES_BUFFER = process.platform !== 'win32'

/** Takes what a socket read; the octets may be overwritten after the call. */
export type TakeOctets = (socket: Socket, octets: Buffer) => void

export interface ConnectionHandle {
  readonly writeQueueSize?: number
  /** @returns an error number, 0 without one */
  getpeername?: (into: object) => number
  close(): void
  reset?: () => void
}

interface ServerHandle {
  onconnection?: (error: number | undefined, handle: ConnectionHandle) => void
}

/**
 * Gives each new connection as a socket that reads into the lent buffer. For a server that listens and has taken none yet.
 *
 * @param size of the buffer, in octets
 */
export function onLentConnection(
  server: Server,
  size: number,
  take: TakeOctets,
  accept: (socket: Socket) => void,
): void {
  const lending = lender(size, take)
  if (!onHandle(server, (connection) => accept(lending(connection)))) onConnection(server, take, accept)
}

/**
 * Gives each new connection as the handle under a socket. For a server that listens and has taken none yet.
 *
 * @returns false where Node's objects look different: the server goes on making sockets
 */
export function onHandle(server: Server, accept: (connection: ConnectionHandle) => void): boolean {
  const handle = (server as { _handle?: ServerHandle | null })._handle
  if (typeof handle?.onconnection !== 'function') return false
  handle.onconnection = (error, connection) => {
    if (!error) accept(connection) // one that could not be accepted leaves nothing to close
  }
  return true
}

/** Gives each new connection as a socket that reads into a fresh buffer each time. */
export function onConnection(server: Server, take: TakeOctets, accept: (socket: Socket) => void): void {
  server.on('connection', (socket) => accept(readFresh(socket, take)))
}

/** Has a socket read into a fresh buffer each time. */
export function readFresh(socket: Socket, take: TakeOctets): Socket {
  return socket.on('data', (octets: Buffer) => take(socket, octets))
}

/**
 * Makes sockets of handles; they read into the lent buffer.
 *
 * @param size of the buffer, in octets
 */
export function lender(size: number, take: TakeOctets): (connection: ConnectionHandle) => Socket {
  const shared = lend(size, take)
  return (connection) => {
    const onread = SHARES_BUFFER ? shared : lend(size, take)
    return new Socket({ handle: connection, allowHalfOpen: true, onread } as object)
  }
}

/** Octets that the socket was given and the kernel has not taken yet; `null` where Node does not tell. */
export function kernelBacklog(socket: Socket): number | null {
  return (socket as { _handle?: ConnectionHandle | null })._handle?.writeQueueSize ?? null
}

/** Whether the kernel knows of no peer any more: nothing else tells of a reset while a socket is not read. */
export function isReset(socket: Socket): boolean {
  return ((socket as { _handle?: ConnectionHandle | null })._handle?.getpeername?.({}) ?? 0) !== 0
}

/**
 * Has sockets read into one buffer.
 *
 * @param size of the buffer, in octets
 */
export function lend(size: number, take: TakeOctets): OnReadOpts {
  const lent = new LentBuffer(size)
  return {
    buffer: lent.octets,
    callback(this: Socket, length: number): boolean {
      take(this, lent.first(length))
      return true
    },
  }
}
