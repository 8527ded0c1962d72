import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import { within } from '../../support/waiting.js'

/** A TLS connection, and how the server ended it. */
export interface TlsClient {
  readonly socket: TLSSocket
  /** Whether the last record that arrived was an alert: after all octets, that is `close_notify`, the end in order. */
  readonly wasClosedInOrder: () => boolean
}

/**
 * Does a TLS handshake that accepts any certificate.
 *
 * @param raw a connected socket
 */
export async function secured(raw: Socket): Promise<TlsClient> {
  const tap = new Tap(raw)
  const socket = connect({ socket: tap, rejectUnauthorized: false, servername: 'localhost' })
  await within(once(socket, 'secureConnect'), () => 'a TLS handshake')
  return { socket, wasClosedInOrder: () => tap.records.lastWasAlert }
}

const HEADER = 5
const ALERT = 21
const ENCRYPTED = 23
/**
 * The length of an encrypted alert in TLS 1.3: two octets, the type and the tag. TLS 1.3 hides the type of a record; no other
 * record of the server is as short.
 */
const ENCRYPTED_ALERT = 2 + 1 + 16

/** Reads the headers of the records in a stream (RFC 8446 §5.1). */
class Records {
  lastWasAlert = false
  private readonly header: number[] = []
  private left = 0

  pass(octets: Buffer): void {
    for (let at = 0; at < octets.length;) {
      const skipped = Math.min(this.left, octets.length - at)
      this.left -= skipped
      at += skipped
      if (at < octets.length) this.header.push(octets[at++]!)
      if (this.header.length === HEADER) this.begin()
    }
  }

  private begin(): void {
    const [type, , , high, low] = this.header.splice(0) as [number, number, number, number, number]
    this.left = high * 256 + low
    this.lastWasAlert = type === ALERT || (type === ENCRYPTED && this.left === ENCRYPTED_ALERT)
  }
}

/** A stream between a socket and TLS that reads the headers of arriving records. */
class Tap extends Duplex {
  readonly records = new Records()

  constructor(private readonly socket: Socket) {
    super({ allowHalfOpen: true })
    socket.on('data', (octets) => {
      this.records.pass(octets)
      if (!this.push(octets)) socket.pause()
    })
    socket.on('end', () => this.push(null))
    socket.on('error', (error) => this.destroy(error))
    socket.on('close', () => this.destroy())
  }

  override _read(): void {
    this.socket.resume()
  }

  override _write(octets: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.socket.write(octets, done)
  }

  override _final(done: (error?: Error | null) => void): void {
    this.socket.end(() => done())
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.socket.destroy()
    done(error)
  }
}
