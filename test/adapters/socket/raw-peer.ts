import { connect, type Socket } from 'node:net'
import type { Address } from '../../../src/ports/serving/transport.js'
import type { RawPeer } from '../../contract/transport.js'

/** A peer on one of Node's client sockets. */
export class SocketPeer implements RawPeer {
  readonly reads: string[] = []
  ended = false
  cut = false
  /** Resolves when the socket has closed. */
  readonly closed: Promise<void>

  constructor(readonly socket: Socket) {
    socket.setEncoding('latin1').setNoDelay(true)
    socket.on('data', (text: string) => this.reads.push(text))
    socket.on('end', () => (this.ended = true))
    socket.on('error', () => (this.cut = true))
    this.closed = new Promise((resolve) => socket.on('close', () => resolve()))
  }

  static to({ host, port }: Address): Promise<SocketPeer> {
    return new Promise((resolve, reject) => {
      const where = host.startsWith('unix:') ? { path: host.slice('unix:'.length) } : { host, port }
      const socket = connect({ ...where, allowHalfOpen: true }, () => resolve(new SocketPeer(socket)))
      socket.once('error', reject)
    })
  }

  send(text: string): void {
    this.socket.write(text, 'latin1')
  }

  stall(): void {
    this.socket.pause()
  }

  read(): void {
    this.socket.resume()
  }

  end(): void {
    this.socket.end()
  }

  reset(): void {
    if (this.socket.remoteAddress === undefined) this.socket.destroy()
    else this.socket.resetAndDestroy()
  }
}
