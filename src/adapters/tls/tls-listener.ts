import type { Credentials } from '../../ports/operations/credentials.js'
import type { Address, Listener, Listening, SecureListener, Transport } from '../../ports/serving/transport.js'
import type { Handshakes } from './handshakes.js'

/** A listener whose sockets become transports by TLS. */
export class TlsListener implements SecureListener {
  constructor(
    private readonly listener: Listener,
    private readonly reception: Handshakes,
  ) {}

  get name(): string {
    return this.listener.name
  }

  get credentials(): Credentials {
    return this.reception.credentials
  }

  set credentials(credentials: Credentials) {
    this.reception.credentials = credentials
  }

  get handshakes(): number {
    return this.reception.size
  }

  listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    return this.listener.listen(at, accept)
  }
}
