import { once } from 'node:events'
import type { Socket } from 'node:net'
import { Duplex } from 'node:stream'
import { connect, type TLSSocket } from 'node:tls'
import { within } from '../../support/waiting.js'

/** A TLS connection, and how its server ended it. */
export interface TlsClient {
  readonly socket: TLSSocket
  /** Whether the last that came was an alert: behind all octets, that is the end in order (`close_notify`). */
  readonly wasClosedInOrder: () => boolean
}

/** @param raw a socket that is connected; whatever certificate the server shows will do */
export async function secured(raw: Socket): Promise<TlsClient> {
  const tap = new Tap(raw)
  const socket = connect({ socket: tap, rejectUnauthorized: false, servername: 'localhost' })
  await within(once(socket, 'secureConnect'), () => 'a TLS handshake')
  return { socket, wasClosedInOrder: () => tap.records.lastWasAlert }
}

const HEADER = 5
const ALERT = 21
const DISGUISED = 23
/** An alert of two octets, its type and its seal: TLS 1.3 shows no more of it. Nothing of ours is as short. */
const DISGUISED_ALERT = 2 + 1 + 16

/** Looks at the headers of the records that pass by (RFC 8446 §5.1). */
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
    this.lastWasAlert = type === ALERT || (type === DISGUISED && this.left === DISGUISED_ALERT)
  }
}

/** Stands between a socket and the TLS above it. */
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
