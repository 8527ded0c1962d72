import type { RingAnswer } from '../../domain/threadpool/answer-ring.js'
import { serializeError, deserializeError, type SerializedError } from '../../domain/threadpool/serialized-error.js'
import { SendGate } from '../../domain/threadpool/send-gate.js'
import { FieldSection } from '../../domain/message/field-section.js'
import { movable, transferableOctets } from '../../domain/threadpool/transferable-octets.js'
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

/** What a run tells its thread. */
export interface RunOwner {
  readonly log: EventLog
  /** @param moved memory of the message that is to be moved */
  send(message: FromThread, moved?: ArrayBuffer | null): void
  /** With this the run is over: nothing that comes for it later means anything. */
  sendLast(run: HandlerRun, message: FromThread, moved: ArrayBuffer | null): void
  /**
   * The same, by leaving a short answer where the main thread looks for it.
   *
   * @returns false when it must be sent
   */
  leave(answer: RingAnswer): boolean
  /** The handler, or its stream, has been at work until now. */
  account(run: HandlerRun): void
}

/** The handler has not answered; it has, with a stream; all has been said, or nobody listens any more. */
type State =
  { readonly at: 'running' } | { readonly at: 'streaming'; readonly content: StreamedContent } | { readonly at: 'over' }

/** One request in a handler thread, from its claim to the last that is heard of it. */
export class HandlerRun {
  readonly number: number
  readonly request: HandlerRequest
  /** The longest that it has kept the thread from others at one go, in milliseconds. */
  costMs = 0

  private state: State = { at: 'running' }
  /** Whether it was given up since the answer came too late. */
  private isOverdue = false
  private readonly reader: ContentReader | null
  private readonly window = new ReceiveWindow()
  /** The credit for the content given to the reader since it last waited. */
  private unread = 0
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
    const head = { method, target, path, query, fields, expectsContinue: content === 'withheld' }
    const who = { request: id, trace: traceId, spanFields, peer, security, log: owner.log }
    this.request = new HandlerRequest(head, paramsOf(params), this.reader, who)
  }

  /** Whether the handler has not answered, and is still wanted to. */
  get isRunning(): boolean {
    return this.state.at === 'running'
  }

  // What the handler came to

  /** The handler answered. */
  answered(answer: Answer): void {
    if (!this.isRunning) return this.drop(answer)
    try {
      this.send(answer)
    } catch (error) {
      this.failed(error)
    }
  }

  /** The handler threw, or its answer was none. */
  failed(error: unknown): void {
    if (!this.isRunning) return this.late()
    this.end(['failed', this.number, this.costMs, serializeError(error, described)])
  }

  private send(answer: Answer): void {
    if (typeof answer === 'string') {
      if (!this.leave(0, '', answer)) this.end(['text', this.number, this.costMs, answer])
      return
    }
    const response = responseOf(answer, this.route)
    if (isOfKind(response.content, 'stream')) this.sendStream(response, response.content)
    else this.sendWhole(response, response.content)
  }

  private sendWhole({ status, fields }: Response, whole: WholeContent): void {
    const content = contentMessage(whole)
    if (typeof content === 'string' && this.leave(status, fields.wire, content)) return
    const moved = content instanceof Uint8Array ? movable(content) : null
    this.end(['answer', this.number, this.costMs, status, fields.wire, content], moved)
  }

  /**
   * Leaves an answer for the main thread to take.
   *
   * @param status 0 for a bare text
   * @returns false when it is too long for that
   */
  private leave(status: number, fields: string, text: string): boolean {
    const isLeft = this.owner.leave({ request: this.number, costMs: this.costMs, status, fields, text })
    if (isLeft) this.close()
    return isLeft
  }

  private sendStream({ status, fields }: Response, content: StreamedContent): void {
    this.state = { at: 'streaming', content }
    const length = typeof content.length === 'number' ? content.length : null
    this.owner.send(['stream', this.number, status, fields.wire, length])
  }

  /** It came too late, or for a peer that left, which is no fault of the handler's. */
  private drop(answer: Answer): void {
    const { content } = Object(answer) as Partial<Response>
    if (content !== undefined && isOfKind(content, 'stream')) abandon(content)
    this.late()
  }

  private late(): void {
    if (this.isOverdue) this.owner.log.warn('late response dropped', { request: this.request.id, route: this.route })
  }

  private end(message: FromThread, moved: ArrayBuffer | null = null): void {
    this.owner.sendLast(this, message, moved)
    this.close()
  }

  private close(): void {
    this.state = { at: 'over' }
    this.request.end()
  }

  // What the main thread says

  /** Nobody waits for the answer any more. */
  abort(reason: SerializedError, isOverdue: boolean): void {
    this.isOverdue = isOverdue
    this.request.abort(deserializeError(reason) as Error)
    this.cancel()
  }

  /** What is left of the response's content is not wanted. */
  cancel(): void {
    this.gate.close()
    if (this.state.at === 'streaming') abandon(this.state.content)
    this.end(['over', this.number, this.costMs])
  }

  /** The response's content is wanted from now on. */
  want(): void {
    if (this.state.at === 'streaming') void this.pump(this.state.content)
  }

  /** So much credit for the response's content is given back. */
  consumed(credit: number): void {
    this.gate.returned(credit)
  }

  content(octets: Uint8Array): void {
    this.unread += creditFor(octets.length)
    this.reader?.push(Buffer.from(octets.buffer, octets.byteOffset, octets.length))
  }

  contentEnd(trailers: FieldSection): void {
    this.request.trailers = trailers
    this.reader?.end()
  }

  contentFailed(error: SerializedError): void {
    this.reader?.fail(deserializeError(error) as Error)
  }

  // Content

  private readerOf(content: ContentDelivery): ContentReader | null {
    return content === 'none' ? null : new ContentReader(() => this.contentWanted())
  }

  /** The handler has consumed all that came, and waits for more. */
  private contentWanted(): void {
    this.owner.send(['want', this.number])
    const returned = this.window.consumed(this.unread)
    this.unread = 0
    if (returned > 0) this.owner.send(['consumed', this.number, returned])
  }

  private async pump(content: StreamedContent): Promise<void> {
    try {
      for await (const piece of content.pieces) {
        this.owner.account(this)
        const octets = octetsOf(piece)
        // A stream of empty pieces must not keep the thread from everyone else.
        if (octets.length === 0) await nextTurn()
        else if (!(await this.gate.admits(octets.length))) return
        if (this.isOver) return
        if (octets.length > 0) this.sendPiece(octets)
      }
      this.owner.account(this)
      if (!this.isOver) this.end(['end', this.number, this.costMs])
    } catch (error) {
      this.owner.account(this)
      if (!this.isOver) this.end(['failed', this.number, this.costMs, serializeError(error, described)])
    }
  }

  private get isOver(): boolean {
    return this.state.at === 'over'
  }

  /** Copied no sooner than it leaves: a reader that stalls holds no copy up here. */
  private sendPiece(octets: Uint8Array): void {
    const own = transferableOctets(octets)
    this.owner.send(['piece', this.number, own], movable(own))
  }
}

/** Like those of the route table: without a prototype. */
function paramsOf(pairs: readonly string[]): Params {
  const params = Object.create(null) as Record<string, string>
  for (let at = 0; at < pairs.length; at += 2) params[pairs[at]!] = pairs[at + 1]!
  return params
}
