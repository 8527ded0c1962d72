import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { connect as connectSecurely } from 'node:tls'

export interface PacedReaderOptions {
  /** Octets per read. */
  readonly readSize?: number
}

/** Where to connect to. */
interface Place {
  readonly port: number
  readonly isSecure: boolean
}

/** A peer that sends one request and reads only as much as the test lets it. */
export class PacedReader {
  received = 0
  /** Resolves at the connection's end. A reset that meets unread octets looks like an end in order: count the octets. */
  readonly over: Promise<void>
  isOver = false

  private readonly socket: Socket
  private readonly hash = createHash('sha256')
  private allowed = 0

  constructor({ port, isSecure }: Place, request: string, { readSize = 65_536 }: PacedReaderOptions = {}) {
    const buffer = Buffer.allocUnsafe(readSize)
    const onread = { buffer, callback: (octets: number) => this.read(buffer.subarray(0, octets)) }
    const to = { port, host: '127.0.0.1', onread }
    this.socket = isSecure ? connectSecurely({ ...to, rejectUnauthorized: false }) : connect(to)
    this.over = new Promise((resolve) => {
      this.socket.on('error', () => resolve())
      this.socket.on('close', () => resolve())
    })
    void this.over.then(() => (this.isOver = true))
    // The first read is on its way before anybody could hold it up. A handshake reads, too.
    if (isSecure) this.socket.once('secureConnect', () => this.holdUp())
    else this.holdUp()
    this.socket.write(request)
  }

  private holdUp(): void {
    if (this.received >= this.allowed) this.socket.pause()
  }

  /** Of everything received, head included. */
  get digest(): string {
    return this.hash.copy().digest('hex')
  }

  /** Reads so many octets at least. */
  async take(octets: number): Promise<void> {
    this.allowed = this.received + octets
    this.socket.resume()
    while (this.received < this.allowed && !this.isOver) await Promise.race([setTimeout(5), this.over])
  }

  /** Reads everything up to the connection's end. */
  takeAll(): Promise<void> {
    this.allowed = Infinity
    this.socket.resume()
    return this.over
  }

  close(): void {
    this.socket.destroy()
  }

  reset(): void {
    this.socket.resetAndDestroy()
  }

  private read(octets: Buffer): boolean {
    this.received += octets.length
    this.hash.update(octets)
    return this.received < this.allowed
  }
}
