import { Connection } from '../../domain/connection/connection.js'
import {
  CLOSED,
  END_OF_CONTENT,
  NEED_MORE,
  PAUSED,
  type ConnectionSignal,
} from '../../domain/connection/connection-event.js'
import { Deadlines, type Overdue } from '../../domain/connection/deadlines.js'
import { authorityOf } from '../../domain/message/authority.js'
import { problem } from '../../domain/representation/problem.js'
import { ProtocolError } from '../../domain/message/protocol-error.js'
import type { RequestHead } from '../../domain/message/request-head.js'
import { isOfKind, Response, type StreamedContent } from '../../domain/message/response.js'
import { forbidsContent } from '../../domain/message/status.js'
import { turnedAway } from '../../domain/lifecycle/admission.js'
import { isTurnedAway, mayPersist } from '../../domain/lifecycle/drain.js'
import type { Outcome } from '../../domain/lifecycle/outcome.js'
import { DeadlineError } from '../../domain/lifecycle/deadline-error.js'
import type { CloseReason, Transport, TransportReceiver } from '../../ports/serving/transport.js'
import { ContentReader } from './content-reader.js'
import { Exchange } from './exchange.js'
import type { SendableResponse } from './sendable-response.js'
import { ResponseSender, type SenderOwner } from './response-sender.js'
import type { Service } from '../server/service.js'
import { abandon, begin } from './streamed-pieces.js'

/*
 * Theory of operation: octets that arrive are given to the connection, and a turn takes out of it whatever it can
 * (requests, content) until it needs more, must wait for a handler, or the peer does not read. Whoever was waited for
 * starts the next turn: the transport, a handler that asks for content, an answer, a drained transport. A handler that
 * answers at once is served within the turn, so that a plain request costs no promise.
 */

/**
 * Unread octets that we hold before reading pauses. Up to here we go on reading while a handler runs, since that is how
 * we learn that the peer left.
 */
const READ_AHEAD = 16 * 1024

/** Octets read and dropped behind our own end. */
const MAX_LINGER_OCTETS = 16 * 1024 * 1024

/** Open; ended by us, with the peer's end to come; over. */
type Life = 'open' | 'lingering' | 'over'

/** Serves one connection: moves octets between its transport and the domain, and requests between that and handlers. */
export class ServeConnection implements TransportReceiver, SenderOwner {
  private readonly connection: Connection
  private readonly sender: ResponseSender
  private readonly deadlines = new Deadlines()
  private life: Life = 'open'
  private exchange: Exchange | null = null
  private peerName = ''
  /** The time of the turn: when octets arrived, or an answer did. */
  private nowMs: number
  /** When the oldest of the unread octets arrived. */
  private arrivedMs: number
  /** When we could last go on: behind a response, or when the peer had read what was sent. */
  private readyMs = 0
  private lingerOctets = 0
  private inTurn = false
  private paused = false

  constructor(
    private readonly service: Service,
    private readonly transport: Transport,
    private readonly id: number,
    private readonly whenOver: (connection: ServeConnection) => void,
  ) {
    this.connection = new Connection(service.rules, service.persistence, service.readers)
    this.sender = new ResponseSender(this.connection, transport, service.metrics, this)
    this.nowMs = this.arrivedMs = service.clock.now()
    this.deadlines.idle(this.nowMs)
    this.deadlines.sent(this.nowMs, 0, false)
    transport.start(this)
  }

  octets(lent: Buffer): void {
    this.service.metrics.received(lent.length)
    if (this.life === 'lingering') {
      this.lingerOn(lent.length)
      return
    }
    this.nowMs = this.service.clock.now()
    // An empty line that lies unread is no part of what comes now.
    if (!this.connection.hasUnread || this.connection.isIdle) this.arrivedMs = this.nowMs
    this.connection.receive(lent)
    this.turn()
    this.connection.hold()
  }

  ended(): void {
    // A reset behind unread octets can look like an end.
    if (this.transport.isLost) {
      this.cut('aborted')
      return
    }
    this.connection.end()
    this.wakeTurn()
  }

  drained(): void {
    this.readyMs = this.service.clock.now()
    this.sender.drained()
    this.wakeTurn()
  }

  closed(reason: CloseReason): void {
    // A transport that aborts by itself could not keep a promise of ours.
    if (reason === 'aborted' && this.life !== 'over') this.fellShort()
    if (this.exchange !== null) this.giveUp(this.exchange, 'aborted')
    this.life = 'over'
    this.connection.close()
    this.whenOver(this)
  }

  /** Whether there is nothing to do for the peer now. */
  get isIdle(): boolean {
    return this.life === 'open' && this.connection.isIdle
  }

  /** Whether the peer owes the rest of a head. */
  get awaitsHead(): boolean {
    return this.life === 'open' && this.connection.awaitsHead
  }

  /** Judges the deadlines; called every so often. */
  sweep(nowMs: number): void {
    try {
      if (this.isLost) this.cut('aborted')
      else this.judge(nowMs)
    } catch (error) {
      this.fault(error)
    }
  }

  /**
   * Ends the connection without destroying what was sent: a full close now, while the peer may still be sending, could
   * make TCP reset the connection and destroy our response before it is read (RFC 9112 §9.6).
   */
  leave(): void {
    if (this.life !== 'open') return
    this.life = 'lingering'
    this.connection.close()
    this.transport.endWriting()
    this.resume()
    this.deadlines.linger(this.service.clock.now())
  }

  /** Resets the connection; the peer sees a cut. */
  cut(outcome: Outcome): void {
    this.life = 'over'
    if (this.exchange !== null) this.giveUp(this.exchange, outcome)
    this.connection.close()
    this.transport.abort()
  }

  /** Tells a peer what it does wrong, whatever it asks for. */
  refuse(error: ProtocolError): void {
    this.refused(this.connection.refuse(error))
  }

  /** Tells a peer for whom there is no room to come back later. */
  turnAway(): void {
    const full = new ProtocolError(503, 'connections', 'Cannot take another connection: there is no room')
    this.service.metrics.refused(this.connection.refuse(full).rule)
    const exchange = this.newExchange(null)
    exchange.outcome = 'rejected'
    this.answer(exchange, turnedAway(null))
  }

  responded(): void {
    if (this.exchange !== null) this.record(this.exchange)
    if (this.connection.persists) this.wakeTurn()
    else this.leave()
  }

  contentFailed(error: unknown): void {
    const { exchange } = this
    if (exchange === null) return
    // What the peer did to the content that is streamed back is not the handler's failure.
    if (exchange.outcome !== 'completed') {
      this.cut(exchange.outcome)
      return
    }
    this.service.log.error('content failed', { request: exchange.request, route: exchange.routeName, error })
    this.cut('failed')
  }

  // Deadlines

  /** Whether the peer is gone. One that we read would have told; asking costs a system call. */
  private get isLost(): boolean {
    return (this.paused || this.exchange !== null) && this.transport.isLost
  }

  private judge(nowMs: number): void {
    const { unsent } = this.transport
    // A peer that still reads our last response has not been asked to close its side yet.
    if (this.life === 'lingering' && unsent > 0) this.deadlines.linger(nowMs)
    this.deadlines.sent(nowMs, this.sender.bytesOut - unsent, unsent > 0)
    const overdue = this.deadlines.overdue(nowMs, this.service.deadlines)
    if (overdue === null) return
    this.nowMs = nowMs
    this.expire(overdue)
  }

  private expire(overdue: Overdue): void {
    switch (overdue) {
      case 'idle':
        return this.leave()
      case 'linger':
        return this.transport.close()
      case 'write':
        return this.cut('timed-out')
      case 'handler':
        return this.expireHandler()
      case 'head':
      case 'body':
        return this.expireRequest(overdue)
    }
  }

  private expireRequest(part: string): void {
    const underWay = this.exchange !== null && !this.connection.owesResponse
    const error = new ProtocolError(408, 'timeout', `Cannot wait any longer for the rest of a ${part}`)
    this.refused(this.connection.refuse(error))
    if (underWay) this.cut('timed-out')
  }

  private expireHandler(): void {
    const { exchange } = this
    if (exchange === null || exchange.settled) return
    const error = new DeadlineError(`Cannot wait any longer for the handler of ${exchange.routeName}`)
    this.service.log.error('handler timed out', { request: exchange.request, route: exchange.routeName })
    exchange.handed?.abort(error)
    exchange.outcome = 'timed-out'
    this.answer(exchange, problem(504, exchange.accept))
  }

  /** Notes for the sweep what is being waited for. */
  private watch(): void {
    const { connection, deadlines } = this
    const { blocked } = this.sender
    if (connection.isIdle) deadlines.idle(this.nowMs)
    else if (connection.awaitsHead && !blocked) deadlines.head(Math.max(this.arrivedMs, this.readyMs))
    else deadlines.busy()
    if (!connection.awaitsContent) deadlines.contentComplete(this.nowMs)
    else if (this.awaitsContent && !this.paused && !blocked) deadlines.content(this.nowMs, connection.bytesIn)
    else deadlines.contentPaused(this.nowMs, connection.bytesIn)
  }

  /** What comes behind our end is read only so that the peer may get to ours; nobody need send much for that. */
  private lingerOn(octets: number): void {
    this.lingerOctets += octets
    if (this.lingerOctets > MAX_LINGER_OCTETS) this.transport.close()
  }

  // Turns

  /** A turn that no arriving octets started. */
  private wakeTurn(): void {
    if (this.inTurn || this.life !== 'open') return
    this.nowMs = this.service.clock.now()
    this.turn()
    this.connection.hold()
  }

  private turn(): void {
    this.inTurn = true
    try {
      while (this.step());
      if (this.life === 'open') this.watch()
    } catch (error) {
      this.fault(error)
    } finally {
      this.inTurn = false
    }
  }

  /** One event of the connection. False when there is nothing to go on with. */
  private step(): boolean {
    if (this.life !== 'open') return false
    if (this.sender.blocked || this.withholdsContent) return this.wait()
    const event = this.connection.next()
    if (typeof event === 'symbol') return this.constant(event)
    if (event instanceof Uint8Array) this.exchange?.handed?.content.push(Buffer.from(event))
    else if (event instanceof ProtocolError) this.refused(event)
    else this.begin(event)
    return true
  }

  private constant(event: ConnectionSignal): boolean {
    switch (event) {
      case NEED_MORE:
        this.resume()
        return false
      case PAUSED:
        return this.wait()
      case END_OF_CONTENT:
        this.endContent()
        return true
      case CLOSED:
        if (this.exchange === null) this.leave()
        return false
    }
  }

  /** Whether the next thing to read is content that the handler does not ask for. */
  private get withholdsContent(): boolean {
    return this.exchange !== null && this.connection.awaitsContent && this.exchange.handed?.content.wants !== true
  }

  /** Whether nothing goes on before content comes, which the peer owes. */
  private get awaitsContent(): boolean {
    return this.exchange === null || this.exchange.handed?.content.isAwaited === true
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

  // Requests

  private begin(head: RequestHead): void {
    const exchange = this.newExchange(head)
    // The content of the request before it may have come to its end within this turn.
    if (head.length !== 0) this.deadlines.contentComplete(this.nowMs)
    if (isTurnedAway(this.arrivedMs, this.service.life.drainingSinceMs)) {
      exchange.outcome = 'rejected'
      this.answer(exchange, turnedAway(exchange.accept))
      return
    }
    const response = this.service.dispatch.answer(exchange, this.contentOf(head))
    if (response instanceof Promise) this.awaitAnswer(exchange, response)
    else this.answer(exchange, response)
  }

  private newExchange(head: RequestHead | null): Exchange {
    const { service } = this
    const exchange = new Exchange(
      head,
      this.id,
      service.identifiers.request(),
      this,
      this.transport.security,
      service.life.phase,
      this.nowMs,
      this.sender.bytesOut,
      service.log,
      service.identifiers,
    )
    this.exchange = exchange
    if (service.tracing !== null && head !== null) {
      const { peer, security } = exchange
      exchange.span = service.tracing.begin({ head, peer, security })
    }
    service.metrics.requestBegun()
    return exchange
  }

  /** As logs name it. */
  get peer(): string {
    if (this.peerName === '') this.peerName = authorityOf(this.transport.peer.address, this.transport.peer.port)
    return this.peerName
  }

  private contentOf(head: RequestHead): ContentReader | null {
    return head.length === 0 ? null : new ContentReader(() => this.contentWanted())
  }

  /** Asked for by the request under way: the content of one that is over has failed, and asks no more. */
  private contentWanted(): void {
    const interim = this.connection.continue()
    if (interim !== '') this.sender.write(interim)
    this.wakeTurn()
  }

  private endContent(): void {
    const handed = this.exchange?.handed
    if (handed === null || handed === undefined) return
    handed.trailers = this.connection.trailers
    handed.content.end()
  }

  private awaitAnswer(exchange: Exchange, promised: Promise<SendableResponse>): void {
    this.deadlines.handler(this.nowMs)
    promised
      .then((response) => {
        this.nowMs = this.service.clock.now()
        this.answer(exchange, response)
      })
      .catch((error: unknown) => this.fault(error))
  }

  private refused(error: ProtocolError): void {
    this.service.metrics.refused(error.rule)
    this.service.log.debug('request refused', {
      connection: this.id,
      peer: this.peer,
      rule: error.rule,
      detail: error.message,
    })
    if (this.exchange === null && !this.connection.owesResponse) {
      this.leave()
      return
    }
    const exchange = this.exchange ?? this.newExchange(null)
    exchange.outcome = error.status === 408 ? 'timed-out' : 'refused'
    exchange.handed?.abort(error)
    if (this.connection.owesResponse) this.answer(exchange, problem(error.status, exchange.accept, [], error.advice))
  }

  // Responses

  private answer(exchange: Exchange, response: SendableResponse): void {
    const { content } = response
    if (exchange.settled) this.drop(exchange, response)
    else if (this.waitsForContinue(response) && isOfKind(content, 'stream'))
      this.answerLate(exchange, response, content)
    else this.settle(exchange, response)
  }

  /**
   * A peer that waits for `100 Continue` gets it when the stream first asks for content, and before the head: so the
   * head waits for the first piece, and the handler is at work until then.
   */
  private answerLate(exchange: Exchange, response: SendableResponse, content: StreamedContent): void {
    this.deadlines.handler(this.nowMs)
    begin(content.pieces)
      .then((begun) => {
        this.nowMs = this.service.clock.now()
        if (exchange.settled) begun.abandon()
        else this.settle(exchange, new Response(response.status, response.fields, { ...content, pieces: begun.pieces }))
      })
      .catch((error: unknown) => this.fault(error))
  }

  private waitsForContinue({ status }: SendableResponse): boolean {
    return this.connection.waitsForContinue && this.exchange?.method !== 'HEAD' && !forbidsContent(status)
  }

  private settle(exchange: Exchange, response: SendableResponse): void {
    const { service, connection } = this
    exchange.settled = true
    exchange.status = response.status
    this.deadlines.answered()
    const preamble = `${service.preamble.text(this.nowMs)}X-Request-Id: ${exchange.request}\r\n`
    this.sender.send(response, preamble, mayPersist(service.life.phase, connection.hasNext))
  }

  /** A handler answered when its request was over already; that the peer left is no fault of the handler's. */
  private drop(exchange: Exchange, response: SendableResponse): void {
    if (exchange.outcome === 'timed-out') {
      this.service.log.warn('late answer dropped', { request: exchange.request, route: exchange.routeName })
    }
    if (isOfKind(response.content, 'stream')) abandon(response.content)
    else if (isOfKind(response.content, 'parts')) response.content.discard()
  }

  /** A file did not have the octets that we had promised. The log of its request may have been written already. */
  private fellShort(): void {
    const { exchange } = this
    const request = exchange && { request: exchange.request, route: exchange.routeName }
    this.service.log.error('content fell short', { connection: this.id, ...request })
    if (exchange !== null) this.giveUp(exchange, 'failed')
  }

  /** A bug of ours: this connection is lost, the others are not. */
  private fault(error: unknown): void {
    this.service.log.error('connection failed', { connection: this.id, error })
    this.cut('failed')
  }

  /** Ends an exchange whose response will not be completed. */
  private giveUp(exchange: Exchange, outcome: Outcome): void {
    exchange.settled = true
    exchange.outcome = outcome
    exchange.handed?.abort(new Error('Cannot answer any more: the connection is over'))
    this.record(exchange)
    this.sender.stop()
  }

  private record(exchange: Exchange): void {
    const { service } = this
    const now = service.clock.now()
    exchange.durationMs = now - exchange.beganMs
    exchange.bytesIn = this.connection.bytesIn
    exchange.bytesOut = this.sender.bytesOut - exchange.bytesOutBefore
    service.metrics.requestEnded(exchange)
    service.accessLog.record(exchange)
    service.exchangeEnded(exchange)
    exchange.span?.end(exchange)
    exchange.handed?.end()
    this.exchange = null
    this.readyMs = this.nowMs = now
  }
}
