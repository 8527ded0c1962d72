import { readFileSync } from 'node:fs'
import { connect as connectPlainly, type Socket } from 'node:net'
import { connect, type ConnectionOptions, type TLSSocket } from 'node:tls'
import { lend } from '../../../src/adapters/socket/net/lent-reads.js'
import { NetListener } from '../../../src/adapters/socket/net/net-listener.js'
import { NetTransport, deliverOctets } from '../../../src/adapters/socket/net/net-transport.js'
import { transportOptions } from '../../../src/adapters/socket/net/connection-setup.js'
import { Handshakes, type HandshakeParts } from '../../../src/adapters/tls/handshakes.js'
import { TicketKeys } from '../../../src/adapters/tls/ticket-keys.js'
import { TlsListener } from '../../../src/adapters/tls/tls-listener.js'
import type { Credential, Credentials } from '../../../src/ports/operations/credentials.js'
import type { HandshakeOutcome } from '../../../src/ports/operations/metrics.js'
import type { TlsSettings } from '../../../src/ports/operations/settings.js'
import type { Listening, Transport } from '../../../src/ports/serving/transport.js'
import type { CertificatePaths } from '../../end-to-end/support/certificate.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'

export const CHUNK = 65_536

/** A credential read from files without any check. */
export function credentialAt({ certFile, keyFile }: CertificatePaths, special: Partial<Credential> = {}): Credential {
  return {
    label: 'localhost ec',
    file: certFile,
    chain: readFileSync(certFile, 'utf8'),
    key: readFileSync(keyFile, 'utf8'),
    keyType: 'ec',
    names: ['localhost'],
    beginsMs: 0,
    expiresMs: Infinity,
    ...special,
  }
}

/** Replacements for the defaults of a listener under test. */
export interface ServedByTlsOptions {
  readonly credentials: Credentials
  readonly settings?: Partial<TlsSettings>
  readonly parts?: Partial<HandshakeParts>
}

/** An HTTPS listener on a port of its own, with a fake clock. */
export class ServedByTls {
  readonly clock = new FakeClock()
  readonly outcomes: HandshakeOutcome[] = []
  readonly listener: TlsListener
  /** Receives the next transports; a test may replace it. */
  accept: (transport: Transport) => void = () => {}
  private listening!: Listening

  private constructor({ credentials, settings, parts }: ServedByTlsOptions) {
    const options = transportOptions(CHUNK)
    const handshakes = new Handshakes({
      settings: { ...DEFAULT_SETTINGS.tls, ...settings },
      clock: this.clock,
      metrics: { handshakeEnded: (outcome) => void this.outcomes.push(outcome) },
      tickets: new TicketKeys(3_600_000, this.clock),
      credentials,
      onread: lend(CHUNK, deliverOctets),
      transport: (socket, raw, security) => new NetTransport(socket, options, raw, security),
      receive: deliverOctets,
      ...parts,
    })
    this.listener = new TlsListener(new NetListener(CHUNK, handshakes), handshakes)
  }

  static async start(options: ServedByTlsOptions): Promise<ServedByTls> {
    const served = new ServedByTls(options)
    const at = { host: '127.0.0.1', port: 0 }
    served.listening = await served.listener.listen(at, (transport) => served.accept(transport))
    return served
  }

  get port(): number {
    return this.listening.address.port
  }

  /** Connects a peer that sends nothing. */
  plain(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connectPlainly({ host: '127.0.0.1', port: this.port, allowHalfOpen: true }, () => resolve(socket))
      socket.once('error', reject)
    })
  }

  /** Connects a TLS peer that accepts any certificate; it reads, and drops what it has read. */
  secured(options: ConnectionOptions = {}): Promise<TLSSocket> {
    const to = { host: '127.0.0.1', port: this.port, servername: 'localhost', rejectUnauthorized: false }
    return new Promise((resolve, reject) => {
      const socket = connect({ ...to, ...options }, () => resolve(socket.resume()))
      socket.once('error', reject)
    })
  }

  close(): Promise<void> {
    return this.listening.close()
  }

  giveUpAll(): void {
    this.listening.giveUpAll()
  }
}
