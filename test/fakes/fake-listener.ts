import type { Address, Listening, ListenError, SecureListener, Transport } from '../../src/ports/serving/transport.js'
import { credentialsOf } from './fake-credentials.js'
import { FakeTransport, type FakeTransportOptions, type FarEnd } from './fake-transport.js'

/** A listener without a network: the test connects to it by `connect`. */
export class FakeListener implements SecureListener {
  readonly name = 'fake'
  /** For an HTTPS listener. */
  credentials = credentialsOf()
  readonly handshakes = 0
  /** The error of `listen`; `null` to succeed. */
  failure: ListenError | null = null
  /** Whether a connection is still being set up when the listener closes: closing waits for `endSetup`. */
  isSettingUp = false
  private setupEnded: (() => void) | null = null
  private accept: ((transport: Transport) => void) | null = null

  async listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    if (this.failure !== null) throw this.failure
    this.accept = accept
    return {
      address: { host: at.host, port: at.port || 40_000 },
      close: () => this.close(),
      giveUpAll: () => this.endSetup(),
    }
  }

  get listening(): boolean {
    return this.accept !== null
  }

  /** Connects, and returns the peer's end. */
  connect(options: FakeTransportOptions = {}): FarEnd {
    if (this.accept === null) throw new Error('Cannot connect: nothing listens')
    const transport = new FakeTransport(options)
    this.accept(transport)
    return transport.far
  }

  /** Ends the setup of the connection. */
  endSetup(): void {
    this.isSettingUp = false
    this.setupEnded?.()
  }

  private async close(): Promise<void> {
    if (this.isSettingUp) await new Promise<void>((resolve) => (this.setupEnded = resolve))
    this.accept = null
  }
}
