import type { OnReadOpts, Socket } from 'node:net'
import { TLSSocket, type TLSSocketOptions } from 'node:tls'

/**
 * Node's TLS sockets take `onread` only where they make the TCP handle below them, as clients do. So we have one believe
 * that it does, and give it the handle of a socket that was accepted: then one buffer serves all reads, and none passes
 * through a stream, which saves 1.5 of 20 µs per request (wrk, 64 connections, Node 20). What it takes is in no
 * documentation (the same in Node 20 to 24); where it looks different, sockets are read by their `data` events.
 */

/** Takes what a socket read; the octets may be overwritten after the call. */
export type TakeOctets = (socket: Socket, octets: Buffer) => void

type WrapHandle = (wrap: Socket | null, handle: unknown, hasActiveWrite: boolean) => object

/** What we use of a TLS socket that its documentation does not have. */
interface Internals {
  _wrapHandle: WrapHandle
  _handle: { receive(octets: Buffer): void } | null
  readonly _tlsOptions: { readonly raw: Socket & { readonly _handle: unknown } }
}

const internals = (socket: TLSSocket): Internals => socket as unknown as Internals

const wrapHandle = (TLSSocket.prototype as unknown as Partial<Internals>)._wrapHandle

/** Whether Node looks as we know it. */
export const LENDS = typeof wrapHandle === 'function'

/** Wraps the accepted socket where it would make a new one: the constructor asks for that before it is more than its options. */
class LentTlsSocket extends TLSSocket {
  declare connecting: boolean

  constructor(options: object) {
    super(null as unknown as Socket, options)
    this.connecting = false // it is there
  }
}

Object.defineProperty(LentTlsSocket.prototype, '_wrapHandle', {
  value(this: TLSSocket): object {
    const { raw } = internals(this)._tlsOptions
    return wrapHandle!.call(this, raw, raw._handle, false)
  },
})

/** What TLS begins with. */
export interface TlsStart {
  readonly raw: Socket
  /** What was read from it already. */
  readonly first: Buffer
  readonly options: TLSSocketOptions
  /** Listens to the socket before anything happens to it. */
  readonly prepare: (socket: TLSSocket) => void
}

/**
 * Begins TLS on an accepted socket.
 *
 * @param onread of all sockets: their buffer, and what takes what they read
 */
export function beginLentTls({ raw, first, options, prepare }: TlsStart, onread: OnReadOpts): void {
  const socket = new LentTlsSocket({ ...options, raw, allowHalfOpen: true, onread })
  prepare(socket)
  internals(socket)._handle!.receive(first)
}

/** The same by what is documented: a fresh buffer for each read. */
export function beginFreshTls({ raw, first, options, prepare }: TlsStart, take: TakeOctets): void {
  raw.pause().removeAllListeners('data').unshift(first)
  const socket = new TLSSocket(raw, options)
  prepare(socket)
  socket.on('data', (octets: Buffer) => take(socket, octets))
}
