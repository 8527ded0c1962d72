import type { OnReadOpts, Socket } from 'node:net'
import type { TLSSocket } from 'node:tls'
import { TLS_HANDSHAKE } from '../../domain/tls/wrong-scheme.js'
import { HELLO_INCOMPLETE, HelloReader } from '../../domain/tls/client-hello.js'
import { HandshakeAdmission } from '../../domain/tls/handshake-admission.js'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { Credentials } from '../../ports/operations/credentials.js'
import type { HandshakeOutcome, Metrics } from '../../ports/operations/metrics.js'
import type { TlsSettings } from '../../ports/operations/settings.js'
import type { Security, Transport } from '../../ports/serving/transport.js'
import { beginFreshTls, beginLentTls, LENDS, type TakeOctets } from './lent-tls-socket.js'
import { SecureContexts } from './secure-contexts.js'
import { securityOf } from './security.js'
import type { TicketKeys } from './ticket-keys.js'

/**
 * From a connection to a transport by TLS.
 *
 * The first octets are read before there is any TLS: a peer that speaks plain HTTP is told so, one that stays silent
 * costs no more than its socket, and the name that a client asks for decides which certificates it is shown. From then on
 * the handshake is Node's. All this is bounded: so many at once, and so long each.
 */

/** So long a handshake is left in peace, however many wait, and in a drain. */
const GRACE_MS = 1000
const SWEEP_MS = 250

/** What handshakes are made of. */
export interface HandshakeParts {
  readonly settings: TlsSettings
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'handshakeEnded'>
  readonly tickets: TicketKeys
  readonly credentials: Credentials
  /** How TLS sockets are read: into one buffer of all. */
  readonly onread: OnReadOpts
  /** Makes a transport of a socket. */
  readonly transport: (socket: Socket, raw: Socket, security: Security | null) => Transport
  /** Hands what a socket read to its transport, as `onread` does. */
  readonly take: TakeOctets
  /** Whether reads may go into one buffer. */
  readonly lends?: boolean
}

/** One that is under way. */
class Handshake {
  readonly hello = new HelloReader()
  /** What of the hello has come. */
  readonly octets: Buffer[] = []
  socket: TLSSocket | null = null
  error: NodeJS.ErrnoException | null = null

  constructor(
    readonly raw: Socket,
    readonly accept: (transport: Transport) => void,
  ) {}
}

export class Handshakes {
  private readonly line: HandshakeAdmission<Handshake>
  private readonly waiting = new Map<Socket, Handshake>()
  private current: Credentials
  private contexts: SecureContexts
  private sweeping: Stoppable | null = null
  private tellEmpty: (() => void) | null = null

  /** @throws {Error} when the platform refuses a certificate or a key */
  constructor(private readonly parts: HandshakeParts) {
    const { settings, credentials } = parts
    const { maxHandshakes: most, handshakeTimeoutMs: timeoutMs } = settings
    this.line = new HandshakeAdmission({ most, graceMs: GRACE_MS, timeoutMs })
    this.current = credentials
    this.contexts = this.contextsFor(credentials)
  }

  get credentials(): Credentials {
    return this.current
  }

  /** @throws {Error} when the platform refuses a certificate or a key; the ones before stay then */
  set credentials(credentials: Credentials) {
    this.contexts = this.contextsFor(credentials)
    this.current = credentials
  }

  get size(): number {
    return this.line.size
  }

  /** For the listener: a connection has come. */
  readonly setUp = (raw: Socket, accept: (transport: Transport) => void): void => {
    this.sweeping ??= this.parts.clock.every(SWEEP_MS, () => this.sweep())
    const handshake = new Handshake(raw, accept)
    raw.on('error', () => undefined)
    const { admitted, evicted } = this.line.join(handshake, this.parts.clock.now())
    if (evicted !== null) this.giveUp(evicted, 'no-room')
    if (!admitted) return this.giveUp(handshake, 'no-room')
    this.waiting.set(raw, handshake)
    raw.once('end', () => this.left(handshake)).once('close', () => this.left(handshake))
  }

  /** For the listener: a socket was read that is not read by TLS. */
  readonly take = (raw: Socket, octets: Buffer): void => {
    const handshake = this.waiting.get(raw)
    if (handshake === undefined) this.parts.take(raw, octets)
    else if (handshake.octets.length === 0 && octets[0] !== TLS_HANDSHAKE) this.plain(handshake)
    else this.greeted(handshake, octets)
  }

  /** No connection comes any more. Those that have said nothing will get no answer; the others may come to their end. */
  async close(): Promise<void> {
    for (const handshake of [...this.waiting.values()])
      if (handshake.octets.length === 0) this.giveUp(handshake, 'aborted')
    if (this.line.size > 0) await new Promise<void>((resolve) => (this.tellEmpty = resolve))
    this.sweeping?.stop()
  }

  cut(): void {
    for (const handshake of [...this.waiting.values()]) this.giveUp(handshake, 'aborted')
  }

  private contextsFor(credentials: Credentials): SecureContexts {
    return new SecureContexts(this.parts.settings, this.parts.tickets, credentials)
  }

  private plain(handshake: Handshake): void {
    this.end(handshake, 'plain')
    handshake.accept(this.parts.transport(handshake.raw, handshake.raw, null))
  }

  private greeted(handshake: Handshake, octets: Buffer): void {
    handshake.octets.push(Buffer.from(octets))
    const serverName = handshake.hello.read(octets)
    if (serverName !== HELLO_INCOMPLETE) this.begin(handshake, serverName)
  }

  private begin(handshake: Handshake, serverName: string | null): void {
    const { raw } = handshake
    const { clientAuth } = this.parts.settings
    const options = {
      secureContext: this.contexts.for(serverName),
      isServer: true,
      ALPNProtocols: ['http/1.1', 'http/1.0'],
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'require',
    }
    const { onread, take, lends = LENDS } = this.parts
    const prepare = (socket: TLSSocket): void => this.watch(handshake, socket)
    const start = { raw, first: Buffer.concat(handshake.octets), options, prepare }
    if (lends) beginLentTls(start, onread)
    else beginFreshTls(start, take)
  }

  private watch(handshake: Handshake, socket: TLSSocket): void {
    handshake.socket = socket
    socket.on('error', (error: NodeJS.ErrnoException) => {
      handshake.error ??= error
    })
    socket.once('secure', () => this.secured(handshake, socket))
    socket.once('end', () => this.left(handshake)).once('close', () => this.left(handshake))
  }

  private secured(handshake: Handshake, socket: TLSSocket): void {
    const security = securityOf(socket, this.parts.settings.clientAuth)
    this.end(handshake, security.clientProblem === null ? (security.resumed ? 'resumed' : 'full') : 'client-refused')
    handshake.accept(this.parts.transport(socket, handshake.raw, security))
  }

  /** The peer has gone, or TLS has given it up. */
  private left(handshake: Handshake): void {
    if (this.waiting.has(handshake.raw)) this.giveUp(handshake, outcomeOf(handshake.error))
  }

  private sweep(): void {
    const isClosing = this.tellEmpty !== null
    for (const handshake of this.line.overdue(this.parts.clock.now(), isClosing))
      this.giveUp(handshake, isClosing ? 'aborted' : 'timed-out')
  }

  private giveUp(handshake: Handshake, outcome: HandshakeOutcome): void {
    this.end(handshake, outcome)
    const { raw, socket } = handshake
    if (outcome === 'no-room') raw.resetAndDestroy()
    else (socket ?? raw).destroy()
  }

  private end(handshake: Handshake, outcome: HandshakeOutcome): void {
    this.waiting.delete(handshake.raw)
    this.line.leave(handshake)
    this.parts.metrics.handshakeEnded(outcome)
    if (this.line.size === 0) this.tellEmpty?.()
  }
}

/** What a handshake without a success came to. */
function outcomeOf(error: NodeJS.ErrnoException | null): HandshakeOutcome {
  return error?.code?.startsWith('ERR_SSL_') ? 'failed' : 'aborted'
}
