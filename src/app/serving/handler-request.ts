import { BadContentError } from '../../domain/message/bad-content-error.js'
import { NO_FIELDS, type FieldSection } from '../../domain/message/field-section.js'
import type { RequestHead as Head } from '../../domain/message/request-head.js'
import type { EngineRequest } from '../../ports/serving/engine.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Params } from '../../ports/plugins/plugin.js'
import type { SpanFields } from '../../ports/serving/tracing.js'
import type { Security } from '../../ports/serving/transport.js'
import { noContent, type ContentReader } from './content-reader.js'

/** Who a request belongs to, for what a handler seldom asks. */
export interface RequestOwner {
  readonly request: string
  readonly trace: string
  readonly spanFields: SpanFields | null
  readonly peer: string
  readonly security: Security | null
  readonly log: EventLog
}

/** What of a head a handler may see. */
export type HandlerHead = Pick<Head, 'method' | 'target' | 'path' | 'query' | 'fields' | 'expectsContinue'>

/** A request as a handler sees it. What is seldom asked for is made when it is. */
export class HandlerRequest implements EngineRequest {
  trailers: FieldSection = NO_FIELDS
  thread = 0
  readonly hasContent: boolean
  private abortController: AbortController | null = null
  private abortReason: Error | null = null
  private tellAborted: ((reason: Error) => void) | null = null
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

  get query(): URLSearchParams {
    return (this.parsedQuery ??= new URLSearchParams(this.head.query))
  }

  get id(): string {
    return this.owner.request
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

  /** @param told the one that is told; asked for once */
  onAbort(told: (reason: Error) => void): void {
    if (this.abortReason === null) this.tellAborted = told
    else told(this.abortReason)
  }

  /** The response is complete: content that was not read is gone. */
  end(): void {
    this.reader?.fail(new Error('Cannot read the content any more: the response is complete'))
  }

  /** Nobody waits for the answer any more: `signal` aborts, and content that is being read fails. */
  abort(reason: Error): void {
    if (this.abortReason !== null) return
    this.abortReason = reason
    this.abortController?.abort(reason)
    this.reader?.fail(reason)
    this.tellAborted?.(reason)
  }
}
