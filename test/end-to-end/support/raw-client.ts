import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import { parseResponse, type RawResponse } from '../../wire/response-parser.js'
import { secured } from './tls-client.js'
import { within } from '../../support/waiting.js'

/** How the server's side ended: `ended` in order, or `reset`, after which octets may be missing. */
export type Ending = 'ended' | 'reset'

/** A connection on which the test controls every octet. Text is latin1 in both directions. */
export class RawClient {
  /** How the server's side ended; `null` while it is open. */
  ending: Ending | null = null

  private arrived: Buffer[] = []
  private unread = 0
  private wake: (() => void) | null = null

  /**
   * @param socket the socket to read and write
   * @param raw its TCP socket: the same one, or the one below TLS
   * @param wasClosedInOrder whether the server has sent close_notify; `null` without TLS
   */
  private constructor(
    private readonly socket: Socket,
    private readonly raw = socket,
    private readonly wasClosedInOrder: (() => boolean) | null = null,
  ) {
    socket.on('data', (octets) => {
      this.arrived.push(octets)
      this.unread += octets.length
      this.wake?.()
    })
    socket.on('end', () => this.noteEnd())
    socket.on('error', () => this.noteEnding('reset'))
    socket.on('close', () => this.noteEnding('reset'))
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<RawClient> {
    // Nagle's algorithm would join octets that must arrive separately.
    const socket = connect({ port, host, allowHalfOpen: true, noDelay: true })
    await within(once(socket, 'connect'), () => `a connection to port ${port}`)
    // A failed test may leave the socket open, which must not keep the tests from ending.
    return new RawClient(socket.unref())
  }

  /** Connects over TLS, and accepts any certificate. */
  static async connectSecurely(port: number, host = '127.0.0.1'): Promise<RawClient> {
    const raw = connect({ port, host, allowHalfOpen: true, noDelay: true })
    await within(once(raw, 'connect'), () => `a connection to port ${port}`)
    const { socket, wasClosedInOrder } = await secured(raw.unref())
    return new RawClient(socket, raw, wasClosedInOrder)
  }

  send(octets: string | Buffer): void {
    this.socket.write(typeof octets === 'string' ? Buffer.from(octets, 'latin1') : octets)
  }

  /** Sends each piece separately: the next one when the kernel has accepted the last. */
  async sendPieces(pieces: Iterable<string | Buffer>): Promise<void> {
    for (const piece of pieces) {
      if (this.socket.destroyed) return
      this.send(piece)
      await setImmediate()
    }
  }

  sendOctetByOctet(octets: string): Promise<void> {
    return this.sendPieces(octets)
  }

  /** Ends the sending side; reading continues. */
  halfClose(): void {
    this.socket.end()
  }

  /** Resets the connection. */
  reset(): void {
    this.raw.resetAndDestroy()
  }

  close(): void {
    this.socket.destroy()
  }

  /** Stops reading, which puts back-pressure on the server. */
  pause(): void {
    this.socket.pause()
  }

  /** Stops reading when the first octets arrive, and resolves then. Call it before they can arrive. */
  pauseAtFirst(): Promise<void> {
    const first = new Promise<void>((resolve) => {
      this.socket.once('data', () => {
        this.socket.pause()
        resolve()
      })
    })
    return within(first, () => 'the first octets')
  }

  resume(): void {
    this.socket.resume()
  }

  /** The number of octets that have arrived and that no method has returned. */
  get unreadOctets(): number {
    return this.unread
  }

  /**
   * The next response, interim or final.
   *
   * @throws {ResponseError} when it is malformed, or the connection ends inside it
   */
  async response(method = 'GET'): Promise<RawResponse> {
    for (let wanted = 1; ;) {
      await this.arrival(wanted)
      const parsed = parseResponse(this.joined(), method, this.ending === 'ended')
      if (typeof parsed === 'object') {
        this.take(parsed.octets)
        return parsed.response
      }
      if (this.ending === 'reset') throw new Error(`Cannot read a response: the connection was reset inside it`)
      wanted = parsed
    }
  }

  /** A response for each method, in order. */
  async responses(...methods: string[]): Promise<RawResponse[]> {
    const responses: RawResponse[] = []
    for (const method of methods) responses.push(await this.response(method))
    return responses
  }

  /** The octets up to the end of a text, as they arrived. */
  async until(text: string): Promise<string> {
    for (;;) {
      const octets = this.joined()
      const at = octets.indexOf(text, 0, 'latin1')
      if (at !== -1) return this.take(at + text.length).toString('latin1')
      if (this.ending !== null) throw new Error(`Cannot find ${JSON.stringify(text)} in ${this.described()}`)
      await this.arrival(octets.length + 1)
    }
  }

  /** All octets up to the end of the server's side; `ending` tells how it ended. */
  async rest(): Promise<string> {
    while (this.ending === null) await this.arrival(this.unread + 1)
    return this.take(this.unread).toString('latin1')
  }

  /** The last response: the server must end the connection in order after it. Closes the client's side. */
  async lastResponse(method = 'GET'): Promise<RawResponse> {
    const response = await this.response(method)
    const rest = await this.rest()
    if (rest !== '' || this.ending === 'reset') {
      throw new Error(
        `Cannot see the end of the connection after a response: found ${JSON.stringify(rest)}, ${this.ending}`,
      )
    }
    this.close()
    return response
  }

  private async arrival(octets: number): Promise<void> {
    const enough = async (): Promise<void> => {
      while (this.unread < octets && this.ending === null) await new Promise<void>((resolve) => (this.wake = resolve))
    }
    await within(enough(), () => `${octets} octets: found ${this.described()}`)
  }

  private described(): string {
    const text = this.joined().toString('latin1')
    return `${this.unread} octets ${JSON.stringify(text.slice(0, 1000))}, ${this.ending ?? 'open'}`
  }

  private joined(): Buffer {
    if (this.arrived.length !== 1) this.arrived = [Buffer.concat(this.arrived)]
    return this.arrived[0]!
  }

  private take(octets: number): Buffer {
    const all = this.joined()
    this.arrived = [all.subarray(octets)]
    this.unread -= octets
    return all.subarray(0, octets)
  }

  /**
   * Node reports a reset that arrives together with octets as an end. To find out, writes nothing: the kernel refuses even
   * that after a reset. After a half-close there is no way to find out.
   */
  private noteEnd(): void {
    if (this.wasClosedInOrder !== null) return this.noteEnding(this.wasClosedInOrder() ? 'ended' : 'reset')
    if (!this.socket.writable) return this.noteEnding('ended')
    this.socket.write('', (error) => this.noteEnding(error === null || error === undefined ? 'ended' : 'reset'))
  }

  private noteEnding(ending: Ending): void {
    this.ending ??= ending
    this.wake?.()
  }
}
