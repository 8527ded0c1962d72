import type { Credentials } from '../../ports/operations/credentials.js'
import type { Address, Listener, Listening, SecureListener, Transport } from '../../ports/serving/transport.js'
import type { Handshakes } from './handshakes.js'

/** A listener whose connections become transports after their TLS handshake. */
export class TlsListener implements SecureListener {
  /** @param listener must pass its new connections to `tls` */
  constructor(
    private readonly listener: Listener,
    private readonly tls: Handshakes,
  ) {}

  get name(): string {
    return this.listener.name
  }

  get credentials(): Credentials {
    return this.tls.credentials
  }

  set credentials(credentials: Credentials) {
    this.tls.credentials = credentials
  }

  get handshakes(): number {
    return this.tls.size
  }

  listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    return this.listener.listen(at, accept)
  }
}
