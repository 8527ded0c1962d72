import type { RingAnswer } from '../../domain/threadpool/answer-ring.js'
import { serializeError, deserializeError, type SerializedError } from '../../domain/threadpool/serialized-error.js'
import { SendGate } from '../../domain/threadpool/send-gate.js'
import { FieldSection } from '../../domain/message/field-section.js'
import { memoryToTransfer, transferableOctets } from '../../domain/threadpool/transferable-octets.js'
import { isOfKind, type Response, type StreamedContent } from '../../domain/message/response.js'
import { creditFor, ReceiveWindow } from '../../domain/threadpool/credit-window.js'
import type { ContentDelivery, FromThread, RequestMessage } from '../../ports/threads/thread-messages.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Answer, Params } from '../../ports/plugins/plugin.js'
import { responseOf } from '../serving/answer.js'
import { ContentReader } from '../serving/content-reader.js'
import { HandlerRequest } from '../serving/handler-request.js'
import { abandon, nextTurn, octetsOf } from '../serving/streamed-pieces.js'
import { contentMessage, type WholeContent } from './response-content.js'
import { described } from './thread-log.js'

/** The thread of a run, as the run uses it. */
export interface RunOwner {
  readonly log: EventLog
  /** @param transfer memory of the message to move to the main thread */
  send(message: FromThread, transfer?: ArrayBuffer | null): void
  /** Sends the last message of a run, at once. The run ends: later messages for it are ignored. */
  sendFinal(run: HandlerRun, message: FromThread, transfer: ArrayBuffer | null): void
  /**
   * Ends a run by writing a short answer to the ring.
   *
   * @returns false when the answer must be sent as a message instead
   */
  putInRing(answer: RingAnswer): boolean
  /** Charges the run for the time in which the thread was busy since the latest call. */
  chargeBusyTime(run: HandlerRun): void
}

/** `running`: the handler has not answered. `over`: the last message was sent; nothing more may be sent. */
type State =
  { readonly at: 'running' } | { readonly at: 'streaming'; readonly content: StreamedContent } | { readonly at: 'over' }

/** One request in a handler thread, from its claim to its last message. */
export class HandlerRun {
  readonly number: number
  readonly request: HandlerRequest
  /** The longest time for which it has blocked the thread without interruption, in milliseconds. */
  costMs = 0

  private state: State = { at: 'running' }
  /** Whether it was aborted because the handler took too long. */
  private isOverdue = false
  private readonly reader: ContentReader | null
  private readonly window = new ReceiveWindow()
  /** The credit of the content that arrived since the handler last waited for content. */
  private unreturned = 0
  private readonly gate = new SendGate()

  /** @param route as `METHOD /pattern` */
  constructor(
    message: RequestMessage,
    private readonly route: string,
    private readonly owner: RunOwner,
  ) {
    const [
      ,
      number,
      ,
      method,
      target,
      path,
      query,
      params,
      text,
      bounds,
      content,
      id,
      traceId,
      spanFields,
      peer,
      security,
    ] = message
    this.number = number
    this.reader = this.readerOf(content)
    const fields = new FieldSection(text, bounds)
    const head = { method, target, path, query, fields, expectsContinue: content === 'on-demand' }
    const owned = { requestId: id, trace: traceId, spanFields, peer, security, log: owner.log }
    this.request = new HandlerRequest(head, paramsOf(params), this.reader, owned)
  }

  /** Whether the handler has not answered and the request is not aborted. */
  get isRunning(): boolean {
    return this.state.at === 'running'
  }

  // From the handler

  /** The handler answered. */
  answered(answer: Answer): void {
    if (!this.isRunning) return this.drop(answer)
    try {
      this.send(answer)
    } catch (error) {
      this.failed(error)
    }
  }

  /** The handler threw, or returned something that is not an answer. */
  failed(error: unknown): void {
    if (!this.isRunning) return this.late()
    this.end(['failed', this.number, this.costMs, serializeError(error, described)])
  }

  private send(answer: Answer): void {
    if (typeof answer === 'string') {
      if (!this.putInRing(0, '', answer)) this.end(['text', this.number, this.costMs, answer])
      return
    }
    const response = responseOf(answer, this.route)
    if (isOfKind(response.content, 'stream')) this.sendStream(response, response.content)
    else this.sendWhole(response, response.content)
  }

  private sendWhole({ status, fields }: Response, whole: WholeContent): void {
    const content = contentMessage(whole)
    if (typeof content === 'string' && this.putInRing(status, fields.wire, content)) return
    const transfer = content instanceof Uint8Array ? memoryToTransfer(content) : null
    this.end(['response', this.number, this.costMs, status, fields.wire, content], transfer)
  }

  /**
   * Answers through the ring.
   *
   * @param status 0 for a bare string
   * @returns false when the answer must be sent as a message instead
   */
  private putInRing(status: number, fields: string, text: string): boolean {
    const isWritten = this.owner.putInRing({ request: this.number, costMs: this.costMs, status, fields, text })
    if (isWritten) this.close()
    return isWritten
  }

  private sendStream({ status, fields }: Response, content: StreamedContent): void {
    this.state = { at: 'streaming', content }
    const length = typeof content.length === 'number' ? content.length : null
    this.owner.send(['stream', this.number, status, fields.wire, length])
  }

  /** Drops an answer that arrived after the abort. */
  private drop(answer: Answer): void {
    const { content } = Object(answer) as Partial<Response>
    if (content !== undefined && isOfKind(content, 'stream')) abandon(content)
    this.late()
  }

  /** Logs a late answer, unless the reason for the abort was the peer, which is no fault of the handler. */
  private late(): void {
    if (this.isOverdue) this.owner.log.warn('late response dropped', { request: this.request.id, route: this.route })
  }

  private end(message: FromThread, transfer: ArrayBuffer | null = null): void {
    this.owner.sendFinal(this, message, transfer)
    this.close()
  }

  private close(): void {
    this.state = { at: 'over' }
    this.request.end()
  }

  // From the main thread

  /** The response is no longer wanted. */
  abort(reason: SerializedError, isOverdue: boolean): void {
    this.isOverdue = isOverdue
    this.request.abort(deserializeError(reason) as Error)
    this.cancel()
  }

  /** The rest of the response's content is no longer wanted. */
  cancel(): void {
    this.gate.close()
    if (this.state.at === 'streaming') abandon(this.state.content)
    this.end(['cancelled', this.number, this.costMs])
  }

  /** The main thread asks for the response's content. */
  pull(): void {
    if (this.state.at === 'streaming') void this.pump(this.state.content)
  }

  /** The main thread returns credit for the response's content. */
  returnCredit(credit: number): void {
    this.gate.returned(credit)
  }

  /** A piece of the request's content arrived. */
  content(octets: Uint8Array): void {
    this.unreturned += creditFor(octets.length)
    this.reader?.push(Buffer.from(octets.buffer, octets.byteOffset, octets.length))
  }

  /** The request's content is complete. */
  contentEnd(trailers: FieldSection): void {
    this.request.trailers = trailers
    this.reader?.end()
  }

  /** The request's content ended with an error. */
  contentFailed(error: SerializedError): void {
    this.reader?.fail(deserializeError(error) as Error)
  }

  // Content

  private readerOf(content: ContentDelivery): ContentReader | null {
    return content === 'none' ? null : new ContentReader(() => this.contentWanted())
  }

  /** The handler has consumed all content that arrived, and waits for more. */
  private contentWanted(): void {
    this.owner.send(['pull', this.number])
    const returned = this.window.consumed(this.unreturned)
    this.unreturned = 0
    if (returned > 0) this.owner.send(['credit', this.number, returned])
  }

  private async pump(content: StreamedContent): Promise<void> {
    try {
      for await (const piece of content.pieces) {
        this.owner.chargeBusyTime(this)
        const octets = octetsOf(piece)
        // A stream of empty pieces must not block the thread for all other requests.
        if (octets.length === 0) await nextTurn()
        else if (!(await this.gate.admits(octets.length))) return
        if (this.isOver) return
        if (octets.length > 0) this.sendPiece(octets)
      }
      this.owner.chargeBusyTime(this)
      if (!this.isOver) this.end(['end', this.number, this.costMs])
    } catch (error) {
      this.owner.chargeBusyTime(this)
      if (!this.isOver) this.end(['failed', this.number, this.costMs, serializeError(error, described)])
    }
  }

  private get isOver(): boolean {
    return this.state.at === 'over'
  }

  /** Copies a piece only when it is sent, so that there are no copies of pieces that wait for credit. */
  private sendPiece(octets: Uint8Array): void {
    const own = transferableOctets(octets)
    this.owner.send(['piece', this.number, own], memoryToTransfer(own))
  }
}

/** Path parameters without a prototype, as the route table makes them. */
function paramsOf(pairs: readonly string[]): Params {
  const params = Object.create(null) as Record<string, string>
  for (let at = 0; at < pairs.length; at += 2) params[pairs[at]!] = pairs[at + 1]!
  return params
}
