import { Connection } from '../../domain/connection/connection.js'
import {
  CLOSED,
  END_OF_CONTENT,
  NEED_MORE,
  PAUSED,
  type ConnectionSignal,
} from '../../domain/connection/connection-event.js'
import type { Overdue } from '../../domain/connection/deadlines.js'
import type { Outcome } from '../../domain/lifecycle/outcome.js'
import { authorityOf } from '../../domain/message/authority.js'
import { ProtocolError } from '../../domain/message/protocol-error.js'
import type { CloseReason, Transport, TransportReceiver } from '../../ports/serving/transport.js'
import type { Service } from '../server/service.js'
import { ConnectionWatch } from './connection-watch.js'
import { ExchangeLifeCycle, type ExchangeOwner } from './exchange-life-cycle.js'

/*
 * Theory of operation: octets that arrive go into the connection. A pass takes events out of it (requests, content) until
 * it needs more octets, must wait for a handler, or the peer does not read. The next pass starts when octets arrive, the
 * transport has room again, a handler asks for content, or a response is complete. A handler that answers at once is served
 * within the pass, so that a plain request costs no promise.
 *
 * Three classes share the work: this one runs the passes and the transport, `ExchangeLifeCycle` has the requests and their
 * responses, `ConnectionWatch` has the times.
 */

/**
 * Unread octets that we hold before we pause reading. Up to this bound we keep reading while a handler runs, because
 * reading is how we learn that the peer has disconnected.
 */
const READ_AHEAD = 16 * 1024

/** `lingering`: we have ended our side, and the peer has not ended its own. */
type Life = 'open' | 'lingering' | 'over'

/** Serves one connection: moves octets between its transport and the protocol, and requests from there to handlers. */
export class ServeConnection implements TransportReceiver, ExchangeOwner {
  private readonly connection: Connection
  private readonly watch: ConnectionWatch
  private readonly exchanges: ExchangeLifeCycle
  private life: Life = 'open'
  private peerName = ''
  private isInPass = false
  private paused = false

  /**
   * @param id number of the connection, from 1
   * @param whenOver called once, when the transport has closed
   */
  constructor(
    private readonly service: Service,
    private readonly transport: Transport,
    readonly id: number,
    private readonly whenOver: (connection: ServeConnection) => void,
  ) {
    this.connection = new Connection(service.rules, service.persistence, service.readers)
    this.watch = new ConnectionWatch(service, this.connection, transport)
    this.exchanges = new ExchangeLifeCycle(service, this.connection, transport, this.watch, this)
    transport.start(this)
  }

  /** The peer's address and port, as logs name it. */
  get peer(): string {
    if (this.peerName === '') this.peerName = authorityOf(this.transport.peer.address, this.transport.peer.port)
    return this.peerName
  }

  /** Whether no request is in progress, and no octet of the next one has arrived. */
  get isIdle(): boolean {
    return this.life === 'open' && this.connection.isIdle
  }

  /** Whether the peer has begun a head, and owes the rest of it. */
  get awaitsHead(): boolean {
    return this.life === 'open' && this.connection.awaitsHead
  }

  // The transport's calls

  octets(lent: Buffer): void {
    this.service.metrics.received(lent.length)
    if (this.life === 'lingering') {
      if (!this.watch.lingersOn(lent.length)) this.transport.close()
      return
    }
    this.watch.octetsArrived()
    this.connection.receive(lent)
    this.runPass()
    this.connection.hold()
  }

  ended(): void {
    // A reset that follows unread octets can look like an end.
    if (this.transport.isLost) {
      this.abort('aborted')
      return
    }
    this.connection.end()
    this.startPass()
  }

  drained(): void {
    this.watch.ready()
    this.exchanges.sender.drained()
    this.startPass()
  }

  closed(reason: CloseReason): void {
    // If the transport aborts without our asking, a file was shorter than its response promised.
    if (reason === 'aborted' && this.life !== 'over') this.exchanges.fellShort()
    this.exchanges.giveUp('aborted')
    this.life = 'over'
    this.connection.close()
    this.whenOver(this)
  }

  // The server's calls

  /** Acts on deadlines that have passed. The server calls it periodically. */
  sweep(nowMs: number): void {
    try {
      const isReading = !this.paused && !this.exchanges.isBusy
      if (this.watch.peerIsLost(isReading)) {
        this.abort('aborted')
        return
      }
      const overdue = this.watch.overdue(nowMs, this.exchanges.sender.bytesOut)
      if (overdue !== null) this.expire(overdue)
    } catch (error) {
      this.fault(error)
    }
  }

  /**
   * Ends the connection without destroying what was sent: a full close now, while the peer may still be sending, could
   * make TCP reset the connection and destroy our response before it is read (RFC 9112 §9.6).
   */
  endAfterSending(): void {
    if (this.life !== 'open') return
    this.life = 'lingering'
    this.connection.close()
    this.transport.endWriting()
    this.resume()
    this.watch.linger()
  }

  /** Resets the connection, so that the peer cannot take what it has received for a complete response. */
  abort(outcome: Outcome): void {
    this.life = 'over'
    this.exchanges.giveUp(outcome)
    this.connection.close()
    this.transport.abort()
  }

  /** Answers with an error, whatever the peer requests, and ends the connection. */
  refuse(error: ProtocolError): void {
    this.exchanges.refuse(this.connection.stopReading(error))
  }

  /** Answers 503 to a peer for whose connection there is no room. */
  turnAway(): void {
    this.exchanges.turnAway()
  }

  private expire(overdue: Overdue): void {
    switch (overdue) {
      case 'idle':
        return this.endAfterSending()
      case 'linger':
        return this.transport.close()
      case 'write':
        return this.abort('timed-out')
      case 'handler':
        return this.exchanges.expireHandler()
      case 'head':
      case 'body':
        return this.exchanges.expireRequest(overdue)
    }
  }

  // Passes

  /** Starts a pass, unless one runs already; for every reason but octets that arrived. */
  startPass(): void {
    if (this.isInPass || this.life !== 'open') return
    this.watch.passBegan()
    this.runPass()
    this.connection.hold()
  }

  private runPass(): void {
    this.isInPass = true
    try {
      while (this.step());
      if (this.life === 'open') this.watch.passEnded(this.exchanges.isWaitingOnlyForPeer, this.paused, this.isBlocked)
    } catch (error) {
      this.fault(error)
    } finally {
      this.isInPass = false
    }
  }

  /** Processes one event of the connection. Returns false when the pass is over. */
  private step(): boolean {
    const { exchanges } = this
    if (this.life !== 'open') return false
    if (this.isBlocked || exchanges.withholdsContent) return this.wait()
    const event = this.connection.next()
    if (typeof event === 'symbol') return this.signal(event)
    if (event instanceof Uint8Array) exchanges.pushContent(event)
    else if (event instanceof ProtocolError) exchanges.refuse(event)
    else exchanges.begin(event)
    return true
  }

  private signal(event: ConnectionSignal): boolean {
    switch (event) {
      case NEED_MORE:
        this.resume()
        return false
      case PAUSED:
        return this.wait()
      case END_OF_CONTENT:
        this.exchanges.endContent()
        return true
      case CLOSED:
        if (!this.exchanges.isBusy) this.endAfterSending()
        return false
    }
  }

  /** Whether the peer must read before we send more. */
  private get isBlocked(): boolean {
    return this.exchanges.sender.blocked
  }

  private wait(): false {
    if (this.connection.unread > READ_AHEAD) this.pause()
    return false
  }

  private pause(): void {
    if (this.paused) return
    this.paused = true
    this.transport.pause()
  }

  private resume(): void {
    if (!this.paused) return
    this.paused = false
    this.transport.resume()
  }

  /** Reports a bug of ours: this connection is lost, the others continue. */
  fault(error: unknown): void {
    this.service.log.error('connection failed', { connection: this.id, error })
    this.abort('failed')
  }
}
