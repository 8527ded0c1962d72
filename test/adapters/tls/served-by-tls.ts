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

/** What was read of a certificate and its key, without a judgement. */
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

export interface ServedByTlsOptions {
  readonly credentials: Credentials
  readonly settings?: Partial<TlsSettings>
  readonly parts?: Partial<HandshakeParts>
}

/** A listener for HTTPS on a port of its own, whose time stands still. */
export class ServedByTls {
  readonly clock = new FakeClock()
  readonly outcomes: HandshakeOutcome[] = []
  readonly listener: TlsListener
  /** What becomes of the next connections. */
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

  /** A peer that is connected and has said nothing. */
  plain(): Promise<Socket> {
    return new Promise((resolve, reject) => {
      const socket = connectPlainly({ host: '127.0.0.1', port: this.port, allowHalfOpen: true }, () => resolve(socket))
      socket.once('error', reject)
    })
  }

  /** A peer that takes whatever certificate it is shown, secured; it reads, and forgets what it has read. */
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

  cut(): void {
    this.listening.cut()
  }
}
