import { BadContentError } from '../../domain/message/bad-content-error.js'
import { NO_FIELDS, type FieldSection } from '../../domain/message/field-section.js'
import type { RequestHead } from '../../domain/message/request-head.js'
import type { EngineRequest } from '../../ports/serving/engine.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Params } from '../../ports/plugins/plugin.js'
import type { SpanFields } from '../../ports/serving/tracing.js'
import type { Security } from '../../ports/serving/transport.js'
import { noContent, type ContentReader } from './content-reader.js'

/** The exchange that a request belongs to: it knows the parts that a handler seldom asks for. */
export interface RequestOwner {
  readonly requestId: string
  readonly trace: string
  readonly spanFields: SpanFields | null
  readonly peer: string
  readonly security: Security | null
  readonly log: EventLog
}

/** The parts of a head that a handler can see. */
export type HandlerHead = Pick<RequestHead, 'method' | 'target' | 'path' | 'query' | 'fields' | 'expectsContinue'>

/** A request as its handler sees it. The parts that handlers seldom use are made when they are asked for. */
export class HandlerRequest implements EngineRequest {
  trailers: FieldSection = NO_FIELDS
  thread = 0
  readonly hasContent: boolean
  private abortController: AbortController | null = null
  private abortReason: Error | null = null
  private abortListener: ((reason: Error) => void) | null = null
  private parsedQuery: URLSearchParams | null = null

  /** @param reader null for a request without content */
  constructor(
    private readonly head: HandlerHead,
    readonly params: Params,
    private reader: ContentReader | null,
    private readonly owner: RequestOwner,
  ) {
    this.hasContent = reader !== null
  }

  get method(): string {
    return this.head.method
  }

  get target(): string {
    return this.head.target
  }

  get path(): string {
    return this.head.path
  }

  get headers(): FieldSection {
    return this.head.fields
  }

  get rawQuery(): string {
    return this.head.query
  }

  get expectsContinue(): boolean {
    return this.head.expectsContinue
  }

  get content(): ContentReader {
    return (this.reader ??= noContent())
  }

  /** Whether the handler waits for the next piece. */
  get isContentAwaited(): boolean {
    return this.reader?.isAwaited === true
  }

  /** Whether the handler has asked for the next piece. */
  get wantsContent(): boolean {
    return this.reader?.wants === true
  }

  get query(): URLSearchParams {
    return (this.parsedQuery ??= new URLSearchParams(this.head.query))
  }

  get id(): string {
    return this.owner.requestId
  }

  get traceId(): string {
    return this.owner.trace
  }

  get spanFields(): SpanFields | null {
    return this.owner.spanFields
  }

  get peer(): string {
    return this.owner.peer
  }

  get tls(): Security | null {
    return this.owner.security
  }

  get log(): EventLog {
    return this.owner.log.with({ request: this.id })
  }

  get signal(): AbortSignal {
    if (this.abortController === null) {
      this.abortController = new AbortController()
      if (this.abortReason !== null) this.abortController.abort(this.abortReason)
    }
    return this.abortController.signal
  }

  async bytes(): Promise<Buffer> {
    return this.content.bytes()
  }

  async text(): Promise<string> {
    return (await this.content.bytes()).toString('utf8')
  }

  async json(): Promise<unknown> {
    const text = await this.text()
    try {
      return JSON.parse(text)
    } catch (error) {
      throw new BadContentError('Cannot read the content as JSON', { cause: error })
    }
  }

  /** Sets the only listener: it is called once, or at once if the request was aborted already. */
  onAbort(listener: (reason: Error) => void): void {
    if (this.abortReason === null) this.abortListener = listener
    else listener(this.abortReason)
  }

  /** All content has arrived, and with it the trailers. Makes no reader for a request without content. */
  endContent(trailers: FieldSection): void {
    this.trailers = trailers
    this.reader?.end()
  }

  /** The response is complete: the rest of the content can no longer be read. */
  end(): void {
    this.reader?.fail(new Error('Cannot read the content any more: the response is complete'))
  }

  /** The answer is no longer wanted: `signal` aborts, and reading the content fails. */
  abort(reason: Error): void {
    if (this.abortReason !== null) return
    this.abortReason = reason
    this.abortController?.abort(reason)
    this.reader?.fail(reason)
    this.abortListener?.(reason)
  }
}
