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
import { beginFreshTls, beginLentTls, LENDS, type ReceiveOctets } from './lent-tls-socket.js'
import { SecureContexts } from './secure-contexts.js'
import { securityOf } from './security.js'
import type { TicketKeys } from './ticket-keys.js'

/**
 * TLS handshakes: they turn accepted sockets into transports.
 *
 * The first octets are read before TLS begins. So a peer that speaks plain HTTP can be answered in plain HTTP, a peer that
 * sends nothing costs only its socket, and the server name in the client hello selects the certificates. From then on Node
 * does the handshake. The number of handshakes in progress and the time of each are bounded.
 */

/**
 * A handshake younger than this is not given up to make room for another, nor, if its peer has sent something, because
 * the listener closes.
 */
const GRACE_MS = 1000

/** Interval of the check for handshakes whose time is up. */
const SWEEP_MS = 250

/** The collaborators of `Handshakes`. */
export interface HandshakeParts {
  readonly settings: TlsSettings
  readonly clock: Clock
  readonly metrics: Pick<Metrics, 'handshakeEnded'>
  readonly tickets: TicketKeys
  readonly credentials: Credentials
  /** Options that make TLS sockets read into one shared buffer. */
  readonly onread: OnReadOpts
  /** Makes a transport of a socket; `raw` is the one under its TLS, or `socket` itself. */
  readonly transport: (socket: Socket, raw: Socket, security: Security | null) => Transport
  /** Passes octets that a socket received to its transport. */
  readonly receive: ReceiveOctets
  /** Whether TLS sockets may read into the shared buffer; by default wherever Node allows it. */
  readonly lends?: boolean
}

/** A handshake in progress. */
class Handshake {
  readonly hello = new HelloReader()
  /** The octets of the client hello that have arrived. */
  readonly octets: Buffer[] = []
  /** Null until the whole client hello has arrived. */
  socket: TLSSocket | null = null
  error: NodeJS.ErrnoException | null = null

  constructor(
    readonly raw: Socket,
    readonly accept: (transport: Transport) => void,
  ) {}
}

/** The handshakes of one HTTPS listener; as its `ConnectionSetup` it receives the accepted sockets. */
export class Handshakes {
  private readonly admission: HandshakeAdmission<Handshake>
  /** By the accepted socket. */
  private readonly inProgress = new Map<Socket, Handshake>()
  private current: Credentials
  private contexts: SecureContexts
  private sweeper: Stoppable | null = null
  /** Resolves the promise of `close`. */
  private onEmpty: (() => void) | null = null

  /** @throws {Error} when the platform refuses a certificate or a key */
  constructor(private readonly parts: HandshakeParts) {
    const { settings, credentials } = parts
    const { maxHandshakes: most, handshakeTimeoutMs: timeoutMs } = settings
    this.admission = new HandshakeAdmission({ most, graceMs: GRACE_MS, timeoutMs })
    this.current = credentials
    this.contexts = this.contextsFor(credentials)
  }

  get credentials(): Credentials {
    return this.current
  }

  /** @throws {Error} when the platform refuses a certificate or a key; the credentials stay as they were */
  set credentials(credentials: Credentials) {
    this.contexts = this.contextsFor(credentials)
    this.current = credentials
  }

  /** Handshakes in progress. */
  get size(): number {
    return this.admission.size
  }

  /** For the listener: begins the handshake of an accepted socket. */
  readonly setUp = (raw: Socket, accept: (transport: Transport) => void): void => {
    this.sweeper ??= this.parts.clock.every(SWEEP_MS, () => this.sweep())
    const handshake = new Handshake(raw, accept)
    raw.on('error', () => undefined)
    const { admitted, evicted } = this.admission.join(handshake, this.parts.clock.now())
    if (evicted !== null) this.giveUp(evicted, 'no-room')
    if (!admitted) return this.giveUp(handshake, 'no-room')
    this.inProgress.set(raw, handshake)
    raw.once('end', () => this.closedEarly(handshake)).once('close', () => this.closedEarly(handshake))
  }

  /** For the listener: octets of a plain socket, or from before TLS starts. */
  readonly receive = (raw: Socket, lent: Buffer): void => {
    const handshake = this.inProgress.get(raw)
    if (handshake === undefined) this.parts.receive(raw, lent)
    else if (handshake.octets.length === 0 && lent[0] !== TLS_HANDSHAKE) this.acceptPlain(handshake)
    else this.receiveHello(handshake, lent)
  }

  /**
   * Call it once no connection comes any more. Gives up the handshakes whose peer has sent nothing, and resolves when the
   * others have ended, which takes at most about GRACE_MS.
   */
  async close(): Promise<void> {
    for (const handshake of [...this.inProgress.values()])
      if (handshake.octets.length === 0) this.giveUp(handshake, 'aborted')
    if (this.admission.size > 0) await new Promise<void>((resolve) => (this.onEmpty = resolve))
    this.sweeper?.stop()
  }

  /** Gives up every handshake in progress. */
  giveUpAll(): void {
    for (const handshake of [...this.inProgress.values()]) this.giveUp(handshake, 'aborted')
  }

  private contextsFor(credentials: Credentials): SecureContexts {
    return new SecureContexts(this.parts.settings, this.parts.tickets, credentials)
  }

  /** The peer speaks plain HTTP: its transport has no `security`, and the server answers with a refusal. */
  private acceptPlain(handshake: Handshake): void {
    this.end(handshake, 'plain')
    handshake.accept(this.parts.transport(handshake.raw, handshake.raw, null))
  }

  private receiveHello(handshake: Handshake, lent: Buffer): void {
    handshake.octets.push(Buffer.from(lent))
    const serverName = handshake.hello.read(lent)
    if (serverName !== HELLO_INCOMPLETE) this.beginTls(handshake, serverName)
  }

  private beginTls(handshake: Handshake, serverName: string | null): void {
    const { raw } = handshake
    const { clientAuth } = this.parts.settings
    const options = {
      secureContext: this.contexts.for(serverName),
      isServer: true,
      ALPNProtocols: ['http/1.1', 'http/1.0'],
      requestCert: clientAuth !== 'none',
      rejectUnauthorized: clientAuth === 'require',
    }
    const { onread, receive, lends = LENDS } = this.parts
    const prepare = (socket: TLSSocket): void => this.watch(handshake, socket)
    const start = { raw, first: Buffer.concat(handshake.octets), options, prepare }
    if (lends) beginLentTls(start, onread)
    else beginFreshTls(start, receive)
  }

  private watch(handshake: Handshake, socket: TLSSocket): void {
    handshake.socket = socket
    socket.on('error', (error: NodeJS.ErrnoException) => {
      handshake.error ??= error
    })
    socket.once('secure', () => this.secured(handshake, socket))
    socket.once('end', () => this.closedEarly(handshake)).once('close', () => this.closedEarly(handshake))
  }

  private secured(handshake: Handshake, socket: TLSSocket): void {
    const security = securityOf(socket, this.parts.settings.clientAuth)
    this.end(handshake, outcomeOf(security))
    handshake.accept(this.parts.transport(socket, handshake.raw, security))
  }

  /** The peer closed the connection before the handshake was complete, or TLS has failed. */
  private closedEarly(handshake: Handshake): void {
    if (this.inProgress.has(handshake.raw)) this.giveUp(handshake, failureOf(handshake.error))
  }

  private sweep(): void {
    const isClosing = this.onEmpty !== null
    for (const handshake of this.admission.takeOverdue(this.parts.clock.now(), isClosing))
      this.giveUp(handshake, isClosing ? 'aborted' : 'timed-out')
  }

  private giveUp(handshake: Handshake, outcome: HandshakeOutcome): void {
    this.end(handshake, outcome)
    const { raw, socket } = handshake
    if (outcome === 'no-room') raw.resetAndDestroy()
    else (socket ?? raw).destroy()
  }

  private end(handshake: Handshake, outcome: HandshakeOutcome): void {
    this.inProgress.delete(handshake.raw)
    this.admission.remove(handshake)
    this.parts.metrics.handshakeEnded(outcome)
    if (this.admission.size === 0) this.onEmpty?.()
  }
}

function outcomeOf({ clientProblem, resumed }: Security): HandshakeOutcome {
  if (clientProblem !== null) return 'client-refused'
  return resumed ? 'resumed' : 'full'
}

/** The outcome of a handshake that was not completed. */
function failureOf(error: NodeJS.ErrnoException | null): HandshakeOutcome {
  return error?.code?.startsWith('ERR_SSL_') ? 'failed' : 'aborted'
}
