import type { Address, Listening, ListenError, SecureListener, Transport } from '../../src/ports/serving/transport.js'
import { credentialsOf } from './fake-credentials.js'
import { FakeTransport, type FakeTransportOptions, type FarEnd } from './fake-transport.js'

/** A listener without a network: the test connects to it. */
export class FakeListener implements SecureListener {
  readonly name = 'fake'
  /** For one that listens by HTTPS. */
  credentials = credentialsOf()
  readonly handshakes = 0
  /** What `listen` fails with, `null` to succeed. */
  failure: ListenError | null = null
  /** Connections that are on their way while it closes: it is not closed before `arrived` is called. */
  onTheirWay = false
  #arrived: (() => void) | null = null
  #accept: ((transport: Transport) => void) | null = null

  async listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    if (this.failure !== null) throw this.failure
    this.#accept = accept
    return {
      address: { host: at.host, port: at.port || 40_000 },
      close: () => this.#close(),
      cut: () => this.arrived(),
    }
  }

  get listening(): boolean {
    return this.#accept !== null
  }

  /** Connects, and gives the peer's end. */
  connect(options: FakeTransportOptions = {}): FarEnd {
    if (this.#accept === null) throw new Error('Cannot connect: nobody listens')
    const transport = new FakeTransport(options)
    this.#accept(transport)
    return transport.far
  }

  /** No connection is on its way any more. */
  arrived(): void {
    this.onTheirWay = false
    this.#arrived?.()
  }

  async #close(): Promise<void> {
    if (this.onTheirWay) await new Promise<void>((resolve) => (this.#arrived = resolve))
    this.#accept = null
  }
}
