import type { Connection } from '../../domain/connection/connection.js'
import { rejection } from '../../domain/lifecycle/admission.js'
import { DeadlineError } from '../../domain/lifecycle/deadline-error.js'
import { isRejected, mayPersist } from '../../domain/lifecycle/drain.js'
import type { Outcome } from '../../domain/lifecycle/outcome.js'
import { ProtocolError } from '../../domain/message/protocol-error.js'
import type { RequestHead } from '../../domain/message/request-head.js'
import { isOfKind, Response, type StreamedContent } from '../../domain/message/response.js'
import { forbidsContent } from '../../domain/message/status.js'
import { problem } from '../../domain/representation/problem.js'
import type { Transport } from '../../ports/serving/transport.js'
import type { Service } from '../server/service.js'
import type { ConnectionWatch } from './connection-watch.js'
import { ContentReader } from './content-reader.js'
import { Exchange } from './exchange.js'
import { ResponseSender, type SenderOwner } from './response-sender.js'
import type { SendableResponse } from './sendable-response.js'
import { abandon, begin } from './streamed-pieces.js'

/** The connection that carries the exchanges. */
export interface ExchangeOwner {
  /** Number of the connection, from 1. */
  readonly id: number
  /** The peer's address and port, as logs name it. */
  readonly peer: string
  /** Starts a pass over the connection's events, unless one runs already. */
  startPass(): void
  /** Ends the connection after everything that was sent. */
  endAfterSending(): void
  /** Resets the connection, and gives up the current exchange with this outcome. */
  abort(outcome: Outcome): void
  /** Reports a bug of ours, and resets the connection. */
  fault(error: unknown): void
}

/**
 * The exchanges of one connection, one after the other: each begins with a request, is settled by the first response that
 * is decided for it, and ends with its record.
 *
 *   begin ──> answer ─────────────────────> settle ──> responded ──> endExchange
 *               ├──> answerLate ──────────────┘        the head waits for the first piece of a stream
 *               └──> drop                              the exchange already has a response
 *
 * `refuse` and `expireHandler` answer for the handler: whatever the handler answers later is dropped. `giveUp` ends the
 * exchange without a complete response, from any state before `endExchange`: the connection is over.
 */
export class ExchangeLifeCycle implements SenderOwner {
  /** Sends the responses. */
  readonly sender: ResponseSender
  /** The exchange in progress. */
  private current: Exchange | null = null

  constructor(
    private readonly service: Service,
    private readonly connection: Connection,
    private readonly transport: Transport,
    private readonly watch: ConnectionWatch,
    private readonly owner: ExchangeOwner,
  ) {
    this.sender = new ResponseSender(connection, transport, service.metrics, this)
  }

  /** Whether an exchange is in progress. */
  get isBusy(): boolean {
    return this.current !== null
  }

  /** Whether the next octets are content that the handler has not asked for. */
  get withholdsContent(): boolean {
    const { current } = this
    return current !== null && this.connection.awaitsContent && current.handlerRequest?.wantsContent !== true
  }

  /** Whether nothing continues before the peer sends content: a handler waits for it, or no exchange is in progress. */
  get isWaitingOnlyForPeer(): boolean {
    return this.current === null || this.current.handlerRequest?.isContentAwaited === true
  }

  // Begin

  /** A request was read. */
  begin(head: RequestHead): void {
    const { service, watch } = this
    const exchange = this.newExchange(head)
    if (head.length !== 0) watch.contentBegan()
    if (isRejected(watch.arrivedMs, service.life.drainingSinceMs)) {
      exchange.outcome = 'rejected'
      this.answer(exchange, rejection(exchange.accept))
      return
    }
    const response = service.dispatch.answer(exchange, this.contentOf(head))
    if (response instanceof Promise) this.awaitAnswer(exchange, response)
    else this.answer(exchange, response)
  }

  /** Answers 503 to a peer for whose connection there is no room. */
  turnAway(): void {
    const full = new ProtocolError(503, 'connections', 'Cannot take another connection: there is no room')
    this.service.metrics.refused(this.connection.stopReading(full).rule)
    const exchange = this.newExchange(null)
    exchange.outcome = 'rejected'
    this.answer(exchange, rejection(null))
  }

  private newExchange(head: RequestHead | null): Exchange {
    const { service } = this
    const exchange = new Exchange(
      head,
      this.owner.id,
      service.identifiers.request(),
      this.owner,
      this.transport.security,
      service.life.phase,
      this.watch.nowMs,
      this.sender.bytesOut,
      service.log,
      service.identifiers,
    )
    this.current = exchange
    if (service.tracing !== null && head !== null) {
      const { peer, security } = exchange
      exchange.span = service.tracing.begin({ head, peer, security })
    }
    service.metrics.requestBegun()
    return exchange
  }

  // Content of the request

  private contentOf(head: RequestHead): ContentReader | null {
    return head.length === 0 ? null : new ContentReader(() => this.contentWanted())
  }

  /** The handler of the current request asks for content. No other handler can: the reader of an earlier request fails. */
  private contentWanted(): void {
    const interim = this.connection.continue()
    if (interim !== '') this.sender.write(interim)
    this.owner.startPass()
  }

  /** @param lent overwritten after the call: a copy is kept */
  pushContent(lent: Uint8Array): void {
    this.current?.handlerRequest?.content.push(Buffer.from(lent))
  }

  /** The content of the request is complete, and so are its trailers. */
  endContent(): void {
    this.current?.handlerRequest?.endContent(this.connection.trailers)
  }

  // Refuse and time out

  /**
   * The peer has broken the protocol, or a deadline. The connection has stopped reading with this error before, so that it
   * owes a response unless one has begun. Three cases:
   *
   * - the response is complete, and only content of its request was still unread: the connection ends without another;
   * - a response is owed: to the request in progress, or to one whose head could not be read. The error is the response;
   * - a response is being sent: only its request's content fails, which ends a handler that reads it.
   */
  refuse(error: ProtocolError): void {
    const { connection, owner } = this
    this.service.metrics.refused(error.rule)
    this.service.log.debug('request refused', {
      connection: owner.id,
      peer: owner.peer,
      rule: error.rule,
      detail: error.message,
    })
    if (this.current === null && !connection.owesResponse) {
      owner.endAfterSending()
      return
    }
    const exchange = this.current ?? this.newExchange(null)
    exchange.outcome = error.status === 408 ? 'timed-out' : 'refused'
    exchange.handlerRequest?.abort(error)
    if (connection.owesResponse) this.answer(exchange, problem(error.status, exchange.accept, [], error.advice))
  }

  /**
   * The peer has taken too long to send a request: the response is 408. When a response is being sent already, it cannot
   * be completed either, since the handler may need the content that is missing: the connection is reset.
   */
  expireRequest(part: 'head' | 'body'): void {
    const isSending = this.current !== null && !this.connection.owesResponse
    const error = new ProtocolError(408, 'timeout', `Cannot wait any longer for the rest of a ${part}`)
    this.refuse(this.connection.stopReading(error))
    if (isSending) this.owner.abort('timed-out')
  }

  /** The handler has taken too long to answer. */
  expireHandler(): void {
    const exchange = this.current
    if (exchange === null || exchange.settled) return
    const error = new DeadlineError(`Cannot wait any longer for the handler of ${exchange.routeName}`)
    this.service.log.error('handler timed out', { request: exchange.requestId, route: exchange.routeName })
    exchange.handlerRequest?.abort(error)
    exchange.outcome = 'timed-out'
    exchange.handlerTimedOut = true
    this.answer(exchange, problem(504, exchange.accept))
  }

  // Answer and settle

  private awaitAnswer(exchange: Exchange, promised: Promise<SendableResponse>): void {
    this.watch.handlerBegan()
    promised
      .then((response) => {
        this.watch.passBegan()
        this.answer(exchange, response)
      })
      .catch((error: unknown) => this.owner.fault(error))
  }

  private answer(exchange: Exchange, response: SendableResponse): void {
    const { content } = response
    if (exchange.settled) this.drop(exchange, response)
    else if (this.waitsForContinue(response) && isOfKind(content, 'stream'))
      this.answerLate(exchange, response, content)
    else this.settle(exchange, response)
  }

  /**
   * Holds the head back until the stream has produced its first piece: if the stream reads the request's content, the
   * peer must receive `100 Continue` before the head. The handler counts as running until then.
   */
  private answerLate(exchange: Exchange, response: SendableResponse, content: StreamedContent): void {
    this.watch.handlerBegan()
    begin(content.pieces)
      .then((begun) => {
        this.watch.passBegan()
        if (exchange.settled) begun.abandon()
        else this.settle(exchange, new Response(response.status, response.fields, { ...content, pieces: begun.pieces }))
      })
      .catch((error: unknown) => this.owner.fault(error))
  }

  private waitsForContinue({ status }: SendableResponse): boolean {
    return this.connection.waitsForContinue && this.current?.method !== 'HEAD' && !forbidsContent(status)
  }

  private settle(exchange: Exchange, response: SendableResponse): void {
    const { service, watch, connection } = this
    exchange.settled = true
    exchange.status = response.status
    watch.answered()
    const preamble = `${service.preamble.text(watch.nowMs)}X-Request-Id: ${exchange.requestId}\r\n`
    this.sender.send(response, preamble, mayPersist(service.life.phase, connection.hasNextRequest))
  }

  /** Discards an answer that came after its exchange was settled. Warns only when the handler exceeded its own deadline. */
  private drop(exchange: Exchange, { content }: SendableResponse): void {
    if (exchange.handlerTimedOut) {
      this.service.log.warn('late response dropped', { request: exchange.requestId, route: exchange.routeName })
    }
    if (isOfKind(content, 'stream')) abandon(content)
    else if (isOfKind(content, 'parts')) content.discard()
  }

  // End

  responded(): void {
    if (this.current !== null) this.endExchange(this.current)
    if (this.connection.persists) this.owner.startPass()
    else this.owner.endAfterSending()
  }

  contentFailed(error: unknown): void {
    const exchange = this.current
    if (exchange === null) return
    // The outcome says that the peer broke the protocol or a deadline. That made the content fail, not the handler.
    if (exchange.outcome !== 'completed') {
      this.owner.abort(exchange.outcome)
      return
    }
    this.service.log.error('content failed', { request: exchange.requestId, route: exchange.routeName, error })
    this.owner.abort('failed')
  }

  /** A file had fewer octets than its response promised. The request may already be in the access log as completed. */
  fellShort(): void {
    const exchange = this.current
    const request = exchange && { request: exchange.requestId, route: exchange.routeName }
    this.service.log.error('content too short', { connection: this.owner.id, ...request })
    this.giveUp('failed')
  }

  /** Ends the exchange in progress, if there is one, without a complete response. */
  giveUp(outcome: Outcome): void {
    const exchange = this.current
    if (exchange === null) return
    exchange.settled = true
    exchange.outcome = outcome
    exchange.handlerRequest?.abort(new Error('Cannot answer any more: the connection is over'))
    this.endExchange(exchange)
    this.sender.stop()
  }

  private endExchange(exchange: Exchange): void {
    const { service, watch } = this
    watch.ready()
    exchange.durationMs = watch.nowMs - exchange.beganMs
    exchange.bytesIn = this.connection.bytesIn
    exchange.bytesOut = this.sender.bytesOut - exchange.bytesOutBefore
    service.metrics.requestEnded(exchange)
    service.accessLog.record(exchange)
    service.exchangeEnded(exchange)
    exchange.span?.end(exchange)
    exchange.handlerRequest?.end()
    this.current = null
  }
}
