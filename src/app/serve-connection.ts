import {
  CLOSED,
  Connection,
  END_OF_CONTENT,
  NEED_MORE,
  PAUSED,
  type Constant,
} from '../domain/connection/connection.js'
import { Deadlines, type Overdue } from '../domain/connection/deadlines.js'
import { CHUNK_END } from '../domain/framing/head-writer.js'
import { problem } from '../domain/message/problem.js'
import { ProtocolError } from '../domain/message/protocol-error.js'
import type { Request } from '../domain/message/request.js'
import { Response, type FileContent, type ResponseContent, type StreamedContent } from '../domain/message/response.js'
import { RETRY_AFTER_SECONDS } from '../domain/service/admission.js'
import { isTurnedAway, mayPersist } from '../domain/service/drain.js'
import type { Outcome } from '../domain/service/outcome.js'
import type { CloseReason, Transport, TransportReceiver } from '../ports/transport.js'
import { ContentReader } from './content-reader.js'
import { Exchange } from './exchange.js'
import type { Service } from './service.js'
import { begin } from './begun-stream.js'

/*
 * Theory of operation: octets that arrive are given to the connection, and a turn takes out of it whatever it can
 * (requests, content) until it needs more, must wait for a handler, or the peer does not read. Whoever was waited for
 * starts the next turn: the transport, a handler that asks for content, an answer, a drained transport. A handler that
 * answers at once is served within the turn, so that a plain request costs no promise.
 */

/** Content up to this size is copied behind the head, so that both leave in one write as one string. */
const SMALL_CONTENT = 4096

/**
 * Unread octets that we hold before reading pauses. Up to here we go on reading while a handler runs, since that is how
 * we learn that the peer left.
 */
const READ_AHEAD = 16 * 1024

/** Octets read and dropped behind our own end. */
const MAX_LINGER_OCTETS = 16 * 1024 * 1024

/** Serves one connection: moves octets between its transport and the domain, and requests between that and handlers. */
export class ServeConnection implements TransportReceiver {
  private readonly connection: Connection
  private readonly deadlines = new Deadlines()
  private exchange: Exchange | null = null
  private peerName = ''
  /** The time of the turn: when octets arrived, or an answer did. */
  private nowMs: number
  /** When octets last arrived. */
  private receivedMs: number
  /** When the first octet of the request under way arrived. */
  private begunMs: number
  /** When the peer last had read so much that we could go on. */
  private unblockedMs = 0
  private octetsOut = 0
  private lingerOctets = 0
  private inTurn = false
  private paused = false
  /** The transport has taken enough: nothing more is made until it has drained. */
  private blocked = false
  private wakeSender: (() => void) | null = null
  private lingering = false
  private over = false

  constructor(
    private readonly service: Service,
    private readonly transport: Transport,
    private readonly id: number,
    private readonly whenOver: (connection: ServeConnection) => void,
  ) {
    this.connection = new Connection(service.rules)
    this.nowMs = this.receivedMs = this.begunMs = service.clock.now()
    this.deadlines.idle(this.nowMs)
    this.deadlines.sent(this.nowMs, 0, false)
    transport.start(this)
  }

  octets(lent: Buffer): void {
    this.service.metrics.received(lent.length)
    if (this.lingering) {
      this.discard(lent.length)
      return
    }
    this.nowMs = this.receivedMs = this.service.clock.now()
    if (this.connection.isIdle) this.begunMs = this.receivedMs
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
    this.blocked = false
    this.unblockedMs = this.service.clock.now()
    this.wakeSender?.()
    this.wakeTurn()
  }

  closed(reason: CloseReason): void {
    this.over = true
    if (this.exchange !== null) this.lose(this.exchange, reason)
    this.connection.close()
    this.wakeSender?.()
    this.whenOver(this)
  }

  /** Whether there is nothing to do for the peer now. */
  get isIdle(): boolean {
    return this.connection.isIdle && !this.lingering
  }

  /** Whether the peer owes the rest of a head. */
  get awaitsHead(): boolean {
    return this.connection.awaitsHead && !this.lingering
  }

  /** Judges the deadlines; called every so often. */
  sweep(nowMs: number): void {
    const { unsent, isLost } = this.transport
    if (isLost) return this.cut('aborted')
    // A peer that still reads our last response has not been asked to close its side yet.
    if (this.lingering && unsent > 0) this.deadlines.linger(nowMs)
    this.deadlines.sent(nowMs, this.octetsOut - unsent, unsent > 0)
    const overdue = this.deadlines.overdue(nowMs, this.service.deadlines)
    if (overdue === null) return
    this.nowMs = nowMs
    this.expire(overdue)
  }

  /**
   * Ends the connection without destroying what was sent: a full close now, while the peer may still be sending, could
   * make TCP reset the connection and destroy our response before it is read (RFC 9112 §9.6).
   */
  leave(): void {
    if (this.lingering) return
    this.lingering = true
    this.connection.close()
    this.transport.endWriting()
    this.resume()
    this.deadlines.linger(this.service.clock.now())
  }

  /** What comes behind our end is read only so that the peer may get to ours; nobody need send much for that. */
  private discard(octets: number): void {
    this.lingerOctets += octets
    if (this.lingerOctets > MAX_LINGER_OCTETS) this.transport.close()
  }

  /** Resets the connection; the peer sees a cut. */
  cut(outcome: Outcome): void {
    if (this.exchange !== null) this.giveUp(this.exchange, outcome)
    this.connection.close()
    this.transport.abort()
  }

  /** Tells a peer for whom there is no room to come back later. */
  turnAway(): void {
    this.connection.refuse(new ProtocolError(503, 'connections', 'Cannot take another connection: there is no room'))
    const exchange = this.newExchange(null)
    exchange.outcome = 'rejected'
    this.answer(exchange, unavailable(null))
  }

  // Turns

  /** A turn that no arriving octets started. */
  private wakeTurn(): void {
    if (this.inTurn || this.over) return
    this.nowMs = this.service.clock.now()
    this.turn()
    this.connection.hold()
  }

  private turn(): void {
    this.inTurn = true
    try {
      while (this.step());
      if (!this.lingering && !this.over) this.watch()
    } catch (error) {
      this.fault(error)
    } finally {
      this.inTurn = false
    }
  }

  /** One event of the connection. False when there is nothing to go on with. */
  private step(): boolean {
    if (this.lingering || this.over) return false
    if (this.blocked || this.withholdsContent) return this.wait()
    const event = this.connection.next()
    if (typeof event === 'symbol') return this.constant(event)
    if (Buffer.isBuffer(event)) this.exchange?.handed?.content.push(Buffer.from(event))
    else if (event instanceof ProtocolError) this.refused(event)
    else this.begin(event)
    return true
  }

  private constant(event: Constant): boolean {
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

  /** Notes for the sweep what is being waited for. */
  private watch(): void {
    const { connection, deadlines } = this
    if (connection.isIdle) deadlines.idle(this.nowMs)
    else if (connection.awaitsHead && !this.blocked) deadlines.head(Math.max(this.begunMs, this.unblockedMs))
    else deadlines.busy()
    if (!connection.awaitsContent) deadlines.contentComplete(this.nowMs)
    else if (this.withholdsContent || this.paused) deadlines.contentPaused(this.nowMs, connection.octetsIn)
    else deadlines.content(this.nowMs, connection.octetsIn)
  }

  // Requests

  private begin(head: Request): void {
    const exchange = this.newExchange(head)
    if (isTurnedAway(this.begunMs, this.service.drainingSinceMs)) {
      exchange.outcome = 'rejected'
      this.answer(exchange, unavailable(exchange.accept))
      return
    }
    const response = this.service.dispatch.answer(exchange, this.contentOf(exchange, head))
    if (response instanceof Promise) this.awaitAnswer(exchange, response)
    else this.answer(exchange, response)
  }

  private newExchange(head: Request | null): Exchange {
    const { service } = this
    const request = service.identifiers.request()
    const { phase, log, identifiers } = service
    const exchange = new Exchange(
      head,
      this.id,
      request,
      this.peer,
      phase,
      this.nowMs,
      this.octetsOut,
      log,
      identifiers,
    )
    this.exchange = exchange
    service.metrics.requestBegun()
    return exchange
  }

  private get peer(): string {
    if (this.peerName === '') this.peerName = this.describePeer()
    return this.peerName
  }

  private describePeer(): string {
    const { address, port } = this.transport.peer
    return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
  }

  private contentOf(exchange: Exchange, head: Request): ContentReader | null {
    return head.length === 0 ? null : new ContentReader(() => this.contentWanted(exchange))
  }

  private contentWanted(exchange: Exchange): void {
    if (exchange !== this.exchange) return
    const interim = this.connection.continue()
    if (interim !== '') this.write(interim)
    this.wakeTurn()
  }

  private endContent(): void {
    const handed = this.exchange?.handed
    if (handed === null || handed === undefined) return
    handed.trailers = this.connection.trailers
    handed.content.end()
  }

  private awaitAnswer(exchange: Exchange, promised: Promise<Response>): void {
    this.deadlines.handler(this.nowMs)
    promised
      .then((response) => {
        this.nowMs = this.service.clock.now()
        this.answer(exchange, response)
        this.wakeTurn()
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
    if (this.connection.owesResponse) this.answer(exchange, problem(error.status, exchange.accept))
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
    this.refused(
      this.connection.refuse(new ProtocolError(408, 'timeout', `Cannot wait any longer for the rest of a ${part}`)),
    )
    if (underWay) this.cut('timed-out')
  }

  private expireHandler(): void {
    const { exchange } = this
    if (exchange === null || exchange.settled) return
    const error = new Error(`Cannot wait any longer for the handler of ${exchange.routeName}`)
    this.service.log.error('handler timed out', { request: exchange.request, route: exchange.routeName })
    exchange.handed?.abort(error)
    exchange.outcome = 'timed-out'
    this.answer(exchange, problem(504, exchange.accept))
    this.wakeTurn()
  }

  // Responses

  private answer(exchange: Exchange, response: Response): void {
    if (exchange.settled) return this.drop(exchange, response)
    const { content } = response
    if (this.connection.waitsForContinue && isStream(content)) void this.answerLate(exchange, response, content)
    else this.settle(exchange, response)
  }

  /**
   * A peer that waits for `100 Continue` gets it when the stream first asks for content, and before the head: so the
   * head waits for the first piece.
   */
  private async answerLate(exchange: Exchange, response: Response, content: StreamedContent): Promise<void> {
    const begun = await begin(content.pieces)
    if (exchange.settled) {
      begun.abandon()
      return
    }
    this.nowMs = this.service.clock.now()
    this.settle(exchange, new Response(response.status, response.fields, { ...content, pieces: begun.pieces }))
    this.wakeTurn()
  }

  private settle(exchange: Exchange, response: Response): void {
    exchange.settled = true
    exchange.status = response.status
    this.deadlines.answered()
    const { content } = response
    if (content === null) this.sendWhole(exchange, response, 0, '')
    else if (typeof content === 'string') this.sendText(exchange, response, content)
    else if (content instanceof Uint8Array) this.sendOctets(exchange, response, content)
    else if (isStream(content)) this.sendStream(exchange, response, content)
    else if (content.kind === 'parts') this.sendParts(exchange, response, content)
  }

  /** A handler answered when its request was over already; that the peer left is no fault of the handler's. */
  private drop(exchange: Exchange, response: Response): void {
    if (exchange.outcome === 'timed-out') {
      this.service.log.warn('late answer dropped', { request: exchange.request, route: exchange.routeName })
    }
    discard(response)
  }

  private sendText(exchange: Exchange, response: Response, content: string): void {
    const length = Buffer.byteLength(content)
    // Text that is all ASCII is the same octets in latin1 as in UTF-8, and can follow the head in one string.
    if (length === content.length) this.sendWhole(exchange, response, length, content)
    else this.sendOctets(exchange, response, Buffer.from(content))
  }

  private sendOctets(exchange: Exchange, response: Response, content: Uint8Array): void {
    const small = content.length <= SMALL_CONTENT
    this.sendWhole(exchange, response, content.length, small ? latin1(content) : content)
  }

  private sendWhole(exchange: Exchange, response: Response, length: number, content: string | Uint8Array): void {
    const head = this.respond(exchange, response, length)
    if (this.connection.framing === 'none') {
      this.write(head)
    } else if (typeof content === 'string') {
      this.connection.piece(length)
      this.write(head + content)
    } else {
      this.connection.piece(length)
      this.write(head)
      this.write(content)
    }
    this.finish(exchange)
  }

  private sendStream(exchange: Exchange, response: Response, content: StreamedContent): void {
    this.write(this.respond(exchange, response, content.length))
    if (this.connection.framing === 'none') {
      abandon(content)
      this.finish(exchange)
    } else {
      void this.pump(exchange, content)
    }
  }

  private sendParts(exchange: Exchange, response: Response, content: FileContent): void {
    this.write(this.respond(exchange, response, content.length))
    if (this.connection.framing === 'none') {
      content.discard()
      this.finish(exchange)
    } else {
      void this.pumpParts(exchange, content)
    }
  }

  private respond(exchange: Exchange, response: Response, length: number | null): string {
    const { service, connection } = this
    const preamble = `${service.preamble.text(this.nowMs)}X-Request-Id: ${exchange.request}\r\n`
    return connection.respond(response, length, preamble, mayPersist(service.phase, connection.hasUnread))
  }

  private async pump(exchange: Exchange, content: StreamedContent): Promise<void> {
    try {
      for await (const piece of content.pieces) {
        if (exchange !== this.exchange) return
        const octets = octetsOf(piece)
        if (octets.length === 0) await nextTurn()
        else this.sendPiece(octets)
        if (this.blocked) await this.unblocked()
        if (exchange !== this.exchange) return
      }
      this.finishLater(exchange)
    } catch (error) {
      this.contentFailed(exchange, error)
    }
  }

  private sendPiece(piece: Uint8Array): void {
    const before = this.connection.piece(piece.length)
    if (before !== '') this.write(before)
    this.write(piece)
    if (before !== '') this.write(CHUNK_END)
  }

  private async pumpParts(exchange: Exchange, content: FileContent): Promise<void> {
    for (const [at, part] of content.parts.entries()) {
      if (exchange !== this.exchange) {
        release(content, at)
        return
      }
      if (typeof part === 'string') {
        this.write(part)
      } else {
        this.octetsOut += part.length
        this.service.metrics.sent(part.length)
        this.blocked = !this.transport.sendFile(part) || this.blocked
      }
      if (this.blocked) await this.unblocked()
    }
    this.connection.piece(content.length)
    this.finishLater(exchange)
  }

  private contentFailed(exchange: Exchange, error: unknown): void {
    if (exchange !== this.exchange) return
    // What the peer did to the content that is streamed back is not the handler's failure.
    if (exchange.outcome !== 'completed') {
      this.cut(exchange.outcome)
      return
    }
    this.service.log.error('content failed', { request: exchange.request, route: exchange.routeName, error })
    this.cut('failed')
  }

  /** Finishes a response whose content was not at hand when it began. */
  private finishLater(exchange: Exchange): void {
    if (exchange !== this.exchange) return
    this.finish(exchange)
    this.wakeTurn()
  }

  private finish(exchange: Exchange): void {
    const end = this.connection.finish()
    if (end !== '') this.write(end)
    this.record(exchange)
    if (!this.connection.persists) this.leave()
  }

  private unblocked(): Promise<void> {
    return new Promise((resolve) => (this.wakeSender = resolve))
  }

  private write(octets: string | Uint8Array): void {
    this.octetsOut += octets.length
    this.service.metrics.sent(octets.length)
    if (!this.transport.write(octets)) this.blocked = true
  }

  /** The connection is gone. A transport that aborts by itself could not keep a promise of ours: a file fell short. */
  private lose(exchange: Exchange, reason: CloseReason): void {
    if (reason !== 'aborted') return this.giveUp(exchange, 'aborted')
    this.service.log.error('content fell short', { request: exchange.request, route: exchange.routeName })
    this.giveUp(exchange, 'failed')
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
  }

  private record(exchange: Exchange): void {
    const { service } = this
    const now = service.clock.now()
    exchange.durationMs = now - exchange.beganMs
    exchange.octetsIn = this.connection.octetsIn
    exchange.octetsOut = this.octetsOut - exchange.octetsOutBefore
    service.metrics.requestEnded(exchange)
    service.accessLog.record(exchange)
    service.exchangeEnded(exchange)
    exchange.handed?.end()
    this.exchange = null
    // What is unread belongs to the next request, and had arrived when octets last did.
    this.begunMs = this.receivedMs
    this.nowMs = now
  }
}

function unavailable(accept: string | null): Response {
  return problem(503, accept, [['Retry-After', String(RETRY_AFTER_SECONDS)]])
}

function isStream(content: ResponseContent): content is StreamedContent {
  return content !== null && typeof content === 'object' && 'kind' in content && content.kind === 'stream'
}

function latin1(octets: Uint8Array): string {
  return Buffer.from(octets.buffer, octets.byteOffset, octets.length).toString('latin1')
}

/** Gives back what content holds that will not be sent. */
function discard({ content }: Response): void {
  if (isStream(content)) abandon(content)
  else if (content !== null && typeof content === 'object' && 'kind' in content && content.kind === 'parts')
    content.discard()
}

/** Ends a stream that nobody began: a generator by `return`, a stream of Node's by `destroy`. */
function abandon({ pieces }: StreamedContent): void {
  const source = pieces as { destroy?: () => void; return?: () => unknown }
  if (typeof source.destroy === 'function') source.destroy()
  else source.return?.()
}

/** @throws {TypeError} for a piece that is neither text nor octets */
function octetsOf(piece: unknown): Uint8Array {
  if (typeof piece === 'string') return Buffer.from(piece)
  if (piece instanceof Uint8Array) return piece
  throw new TypeError(`Cannot stream a piece that is a ${typeof piece}: wanted text or octets`)
}

/** A stream of empty pieces must not keep the event loop from everyone else. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Gives back the parts that were not handed to the transport; the others are its to release. */
function release(content: FileContent, from: number): void {
  const unsent = new Error('Cannot send any more: the connection is over')
  for (const part of content.parts.slice(from)) if (typeof part !== 'string') part.released(unsent)
}
