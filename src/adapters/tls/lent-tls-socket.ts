import type { OnReadOpts, Socket } from 'node:net'
import { TLSSocket, type TLSSocketOptions } from 'node:tls'

/**
 * TLS sockets that read into one lent buffer.
 *
 * Node's TLS sockets accept `onread` only where they make the TCP handle under them, as clients do. So this subclass
 * behaves as if it made one, but returns the handle of the accepted socket. Then one buffer serves all reads, and none of
 * them passes through a stream, which saves 1.5 of 20 µs per request (wrk, 64 connections, Node 20). The internals that
 * this needs are not documented (they are the same in Node 20 to 24). Where they differ, sockets are read by their `data`
 * events.
 */

/** Receives what a socket read. The octets are lent: they may be overwritten after the call. */
export type ReceiveOctets = (socket: Socket, lent: Buffer) => void

type WrapHandle = (wrap: Socket | null, handle: unknown, hasActiveWrite: boolean) => object

/** The undocumented members of a TLS socket that we use. */
interface Internals {
  _wrapHandle: WrapHandle
  _handle: { receive(octets: Buffer): void } | null
  readonly _tlsOptions: { readonly raw: Socket & { readonly _handle: unknown } }
}

const internals = (socket: TLSSocket): Internals => socket as unknown as Internals

const wrapHandle = (TLSSocket.prototype as unknown as Partial<Internals>)._wrapHandle

/** Whether Node has the internals that lending needs. */
export const LENDS = typeof wrapHandle === 'function'

/** Wraps the accepted socket where Node would make a new one: the constructor of its superclass calls `_wrapHandle`. */
class LentTlsSocket extends TLSSocket {
  declare connecting: boolean

  constructor(options: object) {
    super(null as unknown as Socket, options)
    this.connecting = false // the accepted socket is connected already
  }
}

Object.defineProperty(LentTlsSocket.prototype, '_wrapHandle', {
  value(this: TLSSocket): object {
    const { raw } = internals(this)._tlsOptions
    return wrapHandle!.call(this, raw, raw._handle, false)
  },
})

/** An accepted socket on which TLS begins. */
export interface TlsStart {
  readonly raw: Socket
  /** The octets that were already read from it. */
  readonly first: Buffer
  readonly options: TLSSocketOptions
  /** Registers listeners, before the first event of the socket. */
  readonly prepare: (socket: TLSSocket) => void
}

/**
 * Begins TLS on an accepted socket, which then reads into a lent buffer.
 *
 * @param onread the buffer of all sockets, and the receiver of what they read
 */
export function beginLentTls({ raw, first, options, prepare }: TlsStart, onread: OnReadOpts): void {
  const socket = new LentTlsSocket({ ...options, raw, allowHalfOpen: true, onread })
  prepare(socket)
  internals(socket)._handle!.receive(first)
}

/** Begins TLS on an accepted socket with documented means only: each read has a fresh buffer. */
export function beginFreshTls({ raw, first, options, prepare }: TlsStart, receive: ReceiveOctets): void {
  raw.pause().removeAllListeners('data').unshift(first)
  const socket = new TLSSocket(raw, options)
  prepare(socket)
  socket.on('data', (octets: Buffer) => receive(socket, octets))
}
