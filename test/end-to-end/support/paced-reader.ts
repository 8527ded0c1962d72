import { createHash } from 'node:crypto'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { connect as connectSecurely } from 'node:tls'

export interface PacedReaderOptions {
  /** The size of a read in bytes. */
  readonly readSize?: number
}

/** The address of a server. */
interface Place {
  readonly port: number
  readonly isSecure: boolean
}

/** A client that sends one request and reads only as much as the test allows. */
export class PacedReader {
  received = 0
  /** Resolves at the end of the connection. A reset while octets are unread looks like an orderly end: count the octets. */
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
    // Node starts the first read itself, and a handshake has to read, too.
    if (isSecure) this.socket.once('secureConnect', () => this.pauseIfEnough())
    else this.pauseIfEnough()
    this.socket.write(request)
  }

  private pauseIfEnough(): void {
    if (this.received >= this.allowed) this.socket.pause()
  }

  /** The SHA-256 digest of everything received, including the head. */
  get digest(): string {
    return this.hash.copy().digest('hex')
  }

  /** Reads at least this number of octets more. */
  async take(octets: number): Promise<void> {
    this.allowed = this.received + octets
    this.socket.resume()
    while (this.received < this.allowed && !this.isOver) await Promise.race([setTimeout(5), this.over])
  }

  /** Reads until the end of the connection. */
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
