import { Socket, type OnReadOpts, type Server } from 'node:net'
import { LentBuffer } from '../shared/lent-buffer.js'

/**
 * Reading without a stream: libuv reads into a buffer of ours (`onread`) and calls back at once, so that nothing is
 * allocated per read, and all sockets of a listener share one buffer.
 *
 * Only the constructor of a socket accepts `onread`, and a server constructs its sockets itself. So we receive the handle
 * of each new connection before the server does. Node does not document the handles of servers and sockets (they are the
 * same in Node 20 to 24). Where one differs, sockets are read by their `data` events. Moving the handle of an accepted
 * socket into a second socket would work too, but costs 0.3 to 0.9 kB more per idle connection.
 */

/** Windows reads into the buffer before it calls back, so there each socket needs a buffer of its own. */
const SHARES_BUFFER = process.platform !== 'win32'

/** Receives what a socket read. The octets are lent: they may be overwritten after the call. */
export type ReceiveOctets = (socket: Socket, lent: Buffer) => void

/** The handle under a socket, as far as we use it. */
export interface ConnectionHandle {
  readonly writeQueueSize?: number
  /** @returns an error number; 0 for success */
  getpeername?: (into: object) => number
  close(): void
  reset?: () => void
}

interface ServerHandle {
  onconnection?: (error: number | undefined, handle: ConnectionHandle) => void
}

/**
 * Passes each new connection on as a socket that reads into a lent buffer. Call it once the server listens, before it
 * accepts a connection.
 *
 * @param size of the buffer, in octets
 */
export function onLentConnection(
  server: Server,
  size: number,
  receive: ReceiveOctets,
  accept: (socket: Socket) => void,
): void {
  const socketOf = lentSockets(size, receive)
  if (!onHandle(server, (handle) => accept(socketOf(handle)))) onConnection(server, receive, accept)
}

/**
 * Passes each new connection on as its handle. Call it once the server listens, before it accepts a connection.
 *
 * @returns false where Node's handles differ from those known: the server goes on making sockets
 */
export function onHandle(server: Server, accept: (handle: ConnectionHandle) => void): boolean {
  const listening = (server as { _handle?: ServerHandle | null })._handle
  if (typeof listening?.onconnection !== 'function') return false
  listening.onconnection = (error, handle) => {
    if (!error) accept(handle) // a failed accept leaves no handle to close
  }
  return true
}

/** Passes each new connection on as a socket that reads into a fresh buffer each time. */
export function onConnection(server: Server, receive: ReceiveOctets, accept: (socket: Socket) => void): void {
  server.on('connection', (socket) => accept(readFresh(socket, receive)))
}

/** Has a socket read into a fresh buffer each time. */
export function readFresh(socket: Socket, receive: ReceiveOctets): Socket {
  return socket.on('data', (octets: Buffer) => receive(socket, octets))
}

/**
 * Makes sockets of handles; all of them read into one lent buffer.
 *
 * @param size of the buffer, in octets
 */
export function lentSockets(size: number, receive: ReceiveOctets): (handle: ConnectionHandle) => Socket {
  const shared = lend(size, receive)
  return (handle) => {
    const onread = SHARES_BUFFER ? shared : lend(size, receive)
    return new Socket({ handle, allowHalfOpen: true, onread } as object)
  }
}

/** Octets that were written to the socket and that the kernel has not accepted yet; `null` where Node does not say. */
export function kernelBacklog(socket: Socket): number | null {
  return (socket as { _handle?: ConnectionHandle | null })._handle?.writeQueueSize ?? null
}

/** Whether the kernel knows no peer of the socket any more. Nothing else reports a reset while the socket is not read. */
export function isReset(socket: Socket): boolean {
  return ((socket as { _handle?: ConnectionHandle | null })._handle?.getpeername?.({}) ?? 0) !== 0
}

/**
 * Makes the `onread` option with which sockets read into one lent buffer.
 *
 * @param size of the buffer, in octets
 */
export function lend(size: number, receive: ReceiveOctets): OnReadOpts {
  const lent = new LentBuffer(size)
  return {
    buffer: lent.octets,
    callback(this: Socket, length: number): boolean {
      receive(this, lent.first(length))
      return true
    },
  }
}
