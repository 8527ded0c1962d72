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
  /** Starts a turn, unless one runs already. */
  wakeTurn(): void
  /** Ends the connection after what was sent. */
  leave(): void
  /** Resets the connection, and gives up the current exchange with this outcome. */
  cut(outcome: Outcome): void
  /** Reports a bug of ours, and resets the connection. */
  fault(error: unknown): void
}

/**
 * The exchanges of one connection, one after the other: each begins with a request, is settled by the first response that
 * is decided for it, and ends with its record.
 *
 *   begin ──> answer ──> settle ──> responded ──> record
 *               │          └──────> giveUp ─────> record     the peer left, or a deadline passed
 *               └──> drop                                    it was settled before: a late answer
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
    return current !== null && this.connection.awaitsContent && current.handlerRequest?.content.wants !== true
  }

  /** Whether nothing continues before the peer sends content: its handler waits for it, or nobody wants it. */
  get awaitsContent(): boolean {
    return this.current === null || this.current.handlerRequest?.content.isAwaited === true
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

  /** Answers 503 to a peer whose connection is one too many. */
  turnAway(): void {
    const full = new ProtocolError(503, 'connections', 'Cannot take another connection: there is no room')
    this.service.metrics.refused(this.connection.refuse(full).rule)
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

  /** The handler asks for content. Only the current request's can: the reader of an earlier one has failed. */
  private contentWanted(): void {
    const interim = this.connection.continue()
    if (interim !== '') this.sender.write(interim)
    this.owner.wakeTurn()
  }

  /** @param lent overwritten after the call: a copy is kept */
  pushContent(lent: Uint8Array): void {
    this.current?.handlerRequest?.content.push(Buffer.from(lent))
  }

  /** The content of the request is complete, and so are its trailers. */
  endContent(): void {
    const request = this.current?.handlerRequest
    if (request === null || request === undefined) return
    request.trailers = this.connection.trailers
    request.content.end()
  }

  // Refuse and time out

  /** The peer has broken the protocol, or a deadline: answers with an error where a response can still be sent. */
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
      owner.leave()
      return
    }
    const exchange = this.current ?? this.newExchange(null)
    exchange.outcome = error.status === 408 ? 'timed-out' : 'refused'
    exchange.handlerRequest?.abort(error)
    if (connection.owesResponse) this.answer(exchange, problem(error.status, exchange.accept, [], error.advice))
  }

  /** The peer has taken too long to send a request. */
  expireRequest(part: 'head' | 'body'): void {
    const isSending = this.current !== null && !this.connection.owesResponse
    const error = new ProtocolError(408, 'timeout', `Cannot wait any longer for the rest of a ${part}`)
    this.refuse(this.connection.refuse(error))
    if (isSending) this.owner.cut('timed-out')
  }

  /** The handler has taken too long to answer. */
  expireHandler(): void {
    const exchange = this.current
    if (exchange === null || exchange.settled) return
    const error = new DeadlineError(`Cannot wait any longer for the handler of ${exchange.routeName}`)
    this.service.log.error('handler timed out', { request: exchange.request, route: exchange.routeName })
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
        this.watch.turnBegan()
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
        this.watch.turnBegan()
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
    const preamble = `${service.preamble.text(watch.nowMs)}X-Request-Id: ${exchange.request}\r\n`
    this.sender.send(response, preamble, mayPersist(service.life.phase, connection.hasNext))
  }

  /** Discards an answer that came after its exchange was settled. Warns only when the handler exceeded its own deadline. */
  private drop(exchange: Exchange, { content }: SendableResponse): void {
    if (exchange.handlerTimedOut) {
      this.service.log.warn('late response dropped', { request: exchange.request, route: exchange.routeName })
    }
    if (isOfKind(content, 'stream')) abandon(content)
    else if (isOfKind(content, 'parts')) content.discard()
  }

  // End

  responded(): void {
    if (this.current !== null) this.record(this.current)
    if (this.connection.persists) this.owner.wakeTurn()
    else this.owner.leave()
  }

  contentFailed(error: unknown): void {
    const exchange = this.current
    if (exchange === null) return
    // When the peer broke the content that the handler streams back, the handler has not failed.
    if (exchange.outcome !== 'completed') {
      this.owner.cut(exchange.outcome)
      return
    }
    this.service.log.error('content failed', { request: exchange.request, route: exchange.routeName, error })
    this.owner.cut('failed')
  }

  /** A file had fewer octets than its response promised. The request may already be in the access log as completed. */
  fellShort(): void {
    const exchange = this.current
    const request = exchange && { request: exchange.request, route: exchange.routeName }
    this.service.log.error('content too short', { connection: this.owner.id, ...request })
    this.giveUp('failed')
  }

  /** Ends the exchange in progress, if there is one: its response will not be completed. */
  giveUp(outcome: Outcome): void {
    const exchange = this.current
    if (exchange === null) return
    exchange.settled = true
    exchange.outcome = outcome
    exchange.handlerRequest?.abort(new Error('Cannot answer any more: the connection is over'))
    this.record(exchange)
    this.sender.stop()
  }

  private record(exchange: Exchange): void {
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
