import { once } from 'node:events'
import { connect } from 'node:net'

const HEAD_END = '\r\n\r\n'
const STATUS = /^HTTP\/1\.1 (\d{3}) /
const LENGTH = /\r\nContent-Length: (\d+)\r\n/i

/** A persistent connection with one request in flight at a time. */
export class KeepAlive {
  constructor(socket, host) {
    this.socket = socket
    this.host = host
    this.received = ''
    this.waiting = null
    socket.on('data', (octets) => this.take(octets.latin1Slice()))
    socket.on('error', (error) => this.fail(error.message))
    socket.on('close', () => this.fail('the connection is closed'))
  }

  /** @param url the server; the path is ignored */
  static async open(url) {
    const { hostname, port, host } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), noDelay: true })
    await once(socket, 'connect')
    return new KeepAlive(socket, host)
  }

  /** @returns a promise of `{ status, content }`; it rejects when the connection ends before the response */
  get(path) {
    return new Promise((resolve, reject) => {
      this.waiting = { resolve, reject }
      this.socket.write(`GET ${path} HTTP/1.1\r\nHost: ${this.host}\r\n\r\n`, 'latin1')
    })
  }

  async json(path) {
    return JSON.parse((await this.get(path)).content)
  }

  close() {
    this.socket.destroy()
  }

  take(octets) {
    this.received += octets
    const headLength = this.received.indexOf(HEAD_END) + HEAD_END.length
    if (headLength < HEAD_END.length) return
    const end = headLength + Number(LENGTH.exec(this.received)[1])
    if (this.received.length < end) return
    const reply = {
      status: Number(STATUS.exec(this.received)[1]),
      content: this.received.slice(headLength, end),
    }
    this.received = ''
    this.waiting.resolve(reply)
  }

  fail(why) {
    this.waiting?.reject(new Error(`Cannot read a response: ${why}`))
  }
}
