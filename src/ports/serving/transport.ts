import type { FilePart } from './file-part.js'
import type { Credentials } from '../operations/credentials.js'

/** One end of a connection. */
export interface Endpoint {
  /** An IP address as text; `unix:` for the peer of a unix socket; empty for a peer that disconnected before it was known. */
  readonly address: string
  /** 0 for a unix socket. */
  readonly port: number
}

/** A client certificate that was verified: one of the configured authorities has signed it. */
export interface ClientCertificate {
  /** Distinguished name, such as `CN=alice,O=Example`: the most specific part first (RFC 4514 §2.1). */
  readonly subject: string
  readonly issuer: string
  /** In hexadecimal digits. */
  readonly serialNumber: string
  /** SHA-256 of the whole certificate, in hexadecimal digits with colons. */
  readonly fingerprint: string
}

/** How TLS secures a connection. */
export interface Security {
  /** Such as `TLSv1.3`. */
  readonly protocol: string
  /** Such as `TLS_AES_128_GCM_SHA256`. */
  readonly suite: string
  /** The server name that the peer asked for (SNI, RFC 6066 §3); `null` for none. */
  readonly serverName: string | null
  /** Whether the handshake resumed an earlier session. */
  readonly resumed: boolean
  /** The certificate of the peer; `null` when it sent none, or one that is not accepted. */
  readonly client: ClientCertificate | null
  /** Why the certificate that the peer sent is not accepted; `null` when it is accepted, or the peer sent none. */
  readonly clientProblem: string | null
}

/** How a connection ended: `ended` after both sides half-closed or we called `close`, `reset` by the peer or an error, `aborted` by us. */
export type CloseReason = 'ended' | 'reset' | 'aborted'

/** The calls of a transport to the connection above it. None comes before `start` returns, nor after `closed`. */
export interface TransportReceiver {
  /**
   * Octets arrived.
   *
   * @param lent for the duration of the call: the transport overwrites the buffer later, so keep a copy, never the buffer
   */
  octets(lent: Buffer): void
  /** The peer half-closed: it sends nothing more, and we can still write. */
  ended(): void
  /**
   * Everything that was written has been accepted by the kernel. Called once after any number of `write` and `sendFile` that
   * returned false, in a later turn.
   */
  drained(): void
  /** The last call: nothing can be read or written any more. After `abort` and `close` it comes in a later turn of the event loop. */
  closed(reason: CloseReason): void
}

/**
 * The ordered octets under a connection.
 *
 * Everything written inside one call of the receiver, or in one turn of the event loop, is sent together. After the end of
 * the connection every method does nothing, except that `sendFile` still releases its part.
 */
export interface Transport {
  /** The other end of the connection. */
  readonly peer: Endpoint
  /** How TLS secures the octets; `null` without TLS. */
  readonly security: Security | null
  /**
   * Octets that were written and that the kernel has not accepted yet, including those of files. It falls while a slow peer
   * reads, so a number that stays the same shows a stalled peer. 0 after the end.
   */
  readonly unsent: number
  /** Whether the peer is known to have disconnected. Nothing else reports that while reading is paused. */
  readonly isLost: boolean
  /** Begins reading. Called once, before every other method. */
  start(receiver: TransportReceiver): void
  /**
   * Sends octets after everything written before.
   *
   * @param octets a string is latin1; a buffer belongs to the transport from now on
   * @returns false above the high-water mark: stop writing until `drained()`. False after the end too, when only `closed()`
   *   follows
   */
  write(octets: Uint8Array | string): boolean
  /**
   * Sends a part of an open file after everything written before, and releases the part once, after this call has
   * returned. If the file is shorter than the part, the connection is aborted.
   *
   * @returns as `write` does
   */
  sendFile(part: FilePart): boolean
  /** Stops reading until `resume()`, so that back-pressure reaches the peer. */
  pause(): void
  resume(): void
  /** Half-closes after everything written; reading continues (RFC 9112 §9.6). `closed` follows once the peer ends too. */
  endWriting(): void
  /** Closes the connection in both directions. The kernel still delivers what it has accepted. */
  close(): void
  /** Resets the connection: the peer must see that the content was cut off, not that it ended. */
  abort(): void
}

/** Where to listen. Port 0 picks a free one. The host `unix:/path` is a unix socket, whose port is 0. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Why an address cannot be listened on: `message` says which address, why, and what the user can do. */
export interface ListenError extends Error {
  /** The platform's, such as `EADDRINUSE`. */
  readonly code: string
}

/** A listener that listens. */
export interface Listening {
  /** With the port that was picked. */
  readonly address: Address
  /**
   * Accepts no new connection from now on; open ones stay. Resolves when the port is free and every connection that is
   * still being set up has been passed to `accept` or given up.
   */
  close(): Promise<void>
  /** Gives up the connections that are still being set up. */
  giveUpAll(): void
}

/** The listeners of a server: two for clients, and `admin`, which speaks plain HTTP, for operators. */
export type ListenerName = 'http' | 'https' | 'admin'

/** The address of each listener; `null` for one that does not exist. */
export type Addresses = Readonly<Record<ListenerName, Address | null>>

/** Accepts connections. */
export interface Listener {
  /** For logs and metrics: `net`, `epoll`. */
  readonly name: string
  /**
   * Listens, and passes each new connection on.
   *
   * @param accept must call `start` on the transport before it returns
   * @throws {ListenError} when the platform refuses the address
   */
  listen(at: Address, accept: (transport: Transport) => void): Promise<Listening>
}

/**
 * Accepts TLS connections. A transport without `security` belongs to a peer that speaks plain HTTP: the only possible answer
 * is that this port speaks HTTPS.
 */
export interface SecureListener extends Listener {
  /** The certificates and authorities for new connections; can be replaced at any time. */
  credentials: Credentials
  /** Handshakes in progress. */
  readonly handshakes: number
}
