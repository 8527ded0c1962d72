import type { FilePart } from './file-part.js'
import type { Credentials } from '../operations/credentials.js'

/** One end of a connection. */
export interface Endpoint {
  /** An IP address as text; `unix:` at the other end of a unix socket; empty for one that was gone at once. */
  readonly address: string
  /** 0 where there are no ports. */
  readonly port: number
}

/** A client certificate that was found to be signed by one of those that client certificates must be signed by. */
export interface ClientCertificate {
  /** Distinguished name, such as `CN=alice,O=Example`: the most special part first (RFC 4514). */
  readonly subject: string
  readonly issuer: string
  /** Hexadecimal. */
  readonly serialNumber: string
  /** SHA-256 of the whole certificate: hexadecimal, with colons. */
  readonly fingerprint: string
}

/** How a connection is secured. */
export interface Security {
  /** Such as `TLSv1.3`. */
  readonly protocol: string
  /** Such as `TLS_AES_128_GCM_SHA256`. */
  readonly suite: string
  /** The name that the peer asked for (SNI, RFC 6066 §3); `null` when it named none. */
  readonly serverName: string | null
  /** Whether it goes on with a session of before. */
  readonly resumed: boolean
  /** `null` when the peer showed none. */
  readonly client: ClientCertificate | null
  /** Why the certificate that the peer showed is not accepted; `null` when it is, or there is none. */
  readonly clientProblem: string | null
}

/** How a connection came to its end: `ended` after both sides closed or we gave it up, `reset` by the peer or an error, `aborted` by us. */
export type CloseReason = 'ended' | 'reset' | 'aborted'

/** What a transport tells the connection above it. No call comes before `start` returns, nor after `closed`. */
export interface TransportReceiver {
  /**
   * Octets arrived.
   *
   * @param lent belongs to the transport and is overwritten after the call returns: keep a copy, never the buffer
   */
  octets(lent: Buffer): void
  /** The peer will send no more (it half-closed); we can still write. */
  ended(): void
  /** What was written has left, once after any number of `write` or `sendFile` that answered false, in a later turn. */
  drained(): void
  /** The last call: nothing can be read or written any more. Follows `abort` too, later than it. */
  closed(reason: CloseReason): void
}

/**
 * The ordered octets under a connection.
 *
 * What is written in one turn (inside one call of the receiver, or one turn of the event loop) leaves together. After
 * the connection's end every verb is a no-op, but `sendFile` still releases its part.
 */
export interface Transport {
  /** Who is at the other end. */
  readonly peer: Endpoint
  /** How the octets are secured under way; `null` when they are not. */
  readonly security: Security | null
  /**
   * Octets written and not yet taken by the kernel, those of files included; falls while a slow peer reads, which is how
   * a stall is told. 0 after the end.
   */
  readonly unsent: number
  /** Whether the peer is known to be gone, which nothing else tells while reading is paused. */
  readonly isLost: boolean
  /** Reading begins. Called once, before anything else. */
  start(receiver: TransportReceiver): void
  /**
   * Sends octets after everything sent before; a string is latin1. The buffer belongs to the transport from now on.
   *
   * @returns false over the high-water mark: stop writing until `drained()`; false too after the end, when only
   *   `closed()` follows
   */
  write(octets: Uint8Array | string): boolean
  /**
   * Sends a piece of an open file in order after what was written, and releases the part once, later than this call. A
   * file that falls short of the part's length aborts the connection.
   *
   * @returns as `write` does
   */
  sendFile(part: FilePart): boolean
  /** No more `octets()` until `resume()`: back-pressure reaches the peer. */
  pause(): void
  resume(): void
  /** Half-closes after what was written; reading goes on (RFC 9112 §9.6). Followed by `closed` once the peer ends too. */
  endWriting(): void
  /** Gives the connection up without taking back what was written: the kernel goes on delivering it. */
  close(): void
  /** Resets: the peer must see a cut, not an end. */
  abort(): void
}

/** Where to listen: port 0 picks a free one. The host `unix:/path` is a unix socket, which has no port. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** Why an address cannot be had: `message` names it and the reason, `code` is the platform's, such as `EADDRINUSE`. */
export interface ListenError extends Error {
  readonly code: string
}

/** A listener at work. */
export interface Listening {
  /** Where it really listens. */
  readonly address: Address
  /**
   * Takes no new connection from now on; those that are open stay. Resolves when the port is free, and what was on its way
   * to `accept` has arrived or is given up.
   */
  close(): Promise<void>
  /** Gives up what is on its way to `accept`. */
  cut(): void
}

/** The ways in: two for everyone, and `admin`, by plain HTTP, for who looks after the server. */
export type ListenerName = 'http' | 'https' | 'admin'

/** Where each of them is; `null` where there is none. */
export type Addresses = Readonly<Record<ListenerName, Address | null>>

/** Takes connections. */
export interface Listener {
  /** `net`, `epoll`: for logs and metrics. */
  readonly name: string
  /**
   * @param accept called for each new connection; must call `start` on it before it returns
   * @throws {ListenError} when the address cannot be had
   */
  listen(at: Address, accept: (transport: Transport) => void): Promise<Listening>
}

/**
 * Takes connections by TLS. One whose transport has no `security` is of a peer that speaks plain HTTP: all that it can be
 * told is that this is not the place for it.
 */
export interface SecureListener extends Listener {
  /** What new connections are secured by from now on. */
  credentials: Credentials
  /** Handshakes under way. */
  readonly handshakes: number
}
