import type { FieldSection } from '../domain/message/field-section.js'
import { NO_FIELDS } from '../domain/message/field-section.js'
import type { Request as Head } from '../domain/message/request.js'
import type { EventLog } from '../ports/event-log.js'
import type { Params, Request } from '../ports/plugin.js'
import { noContent, type ContentReader } from './content-reader.js'

/** Who a request belongs to, for what a handler seldom asks. */
export interface RequestOwner {
  readonly request: string
  readonly trace: string
  readonly peer: string
  readonly log: EventLog
}

/** The peer's content is not what it should be; a handler that lets it pass answers 400. */
export class BadContentError extends SyntaxError {}

/** A request as a handler sees it. What is seldom asked for is made when it is. */
export class HandlerRequest implements Request {
  trailers: FieldSection = NO_FIELDS
  private abortController: AbortController | null = null
  private abortReason: Error | null = null
  private parsedQuery: URLSearchParams | null = null

  /** @param reader null for a request without content */
  constructor(
    private readonly head: Head,
    readonly params: Params,
    private reader: ContentReader | null,
    private readonly owner: RequestOwner,
  ) {}

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

  get peer(): string {
    return this.owner.peer
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

  /** The response is complete: content that was not read is gone. */
  end(): void {
    this.reader?.fail(new Error('Cannot read the content any more: the response is complete'))
  }

  /** Nobody waits for the answer any more: `signal` aborts, and content that is being read fails. */
  abort(reason: Error): void {
    this.abortReason ??= reason
    this.abortController?.abort(reason)
    this.reader?.fail(reason)
  }
}
