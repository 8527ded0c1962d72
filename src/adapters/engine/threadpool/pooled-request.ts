import { PoolTask } from '../../../domain/threadpool/pool-task.js'
import { Response } from '../../../domain/message/response.js'
import type { ContentDelivery, RequestMessage } from '../../../ports/threads/thread-messages.js'
import type { EngineRequest } from '../../../ports/serving/engine.js'
import type { Answer } from '../../../ports/plugins/plugin.js'
import { ContentFeed, type ThreadRequestLink } from './content-feed.js'
import { fieldsOf } from './response-messages.js'
import { StreamedAnswer } from './streamed-answer.js'

/** A request on its way through the pool, to the end of its answer. */
export class PooledRequest extends PoolTask {
  /** What it comes to. Never settles once the request is aborted: nobody waits for it. */
  readonly answer: Promise<Answer>
  /** Settle it. */
  resolve!: (answer: Answer) => void
  reject!: (error: unknown) => void
  /** Its number in the thread that it is handed to. */
  number = 0
  /** When it left for its thread, by the time of the watch; Infinity before. */
  handedMs = Infinity
  /** When its thread has had time enough to hear that it was aborted, by the time of the watch; null while it is wanted. */
  graceEndsMs: number | null = null
  /** The content of its answer, where that comes in pieces. */
  stream: StreamedAnswer | null = null

  readonly feed: ContentFeed | null

  constructor(
    route: number,
    readonly request: EngineRequest,
  ) {
    super(route)
    this.feed = request.hasContent ? new ContentFeed(request) : null
    this.answer = new Promise((resolve, reject) => {
      this.resolve = resolve
      this.reject = reject
    })
  }

  get isAborted(): boolean {
    return this.graceEndsMs !== null
  }

  message(): RequestMessage {
    const { request } = this
    const { text, bounds } = request.headers
    return [
      'request',
      this.number,
      this.route,
      request.method,
      request.target,
      request.path,
      request.rawQuery,
      pairsOf(request.params),
      text,
      bounds,
      contentOf(request),
      request.id,
      request.traceId,
      request.spanFields,
      request.peer,
      request.tls,
    ]
  }

  /**
   * It is answered by content in pieces.
   *
   * @throws {TypeError} for fields that no response may have
   */
  streams(
    status: number,
    fields: string,
    length: number | null,
    { number, send }: Pick<ThreadRequestLink, 'number' | 'send'>,
  ): void {
    const checked = fieldsOf(fields)
    const stream = new StreamedAnswer({
      want: () => send(['want', number]),
      consumed: (credit) => send(['consumed', number, credit]),
      cancel: () => send(['cancel', number]),
    })
    this.stream = stream
    this.resolve(new Response(status, checked, { kind: 'stream', pieces: stream, length }))
  }

  /** It will not be answered to the end. */
  fail(error: unknown): void {
    this.feed?.stop()
    if (this.isAborted) return
    if (this.stream === null) this.reject(error)
    else this.stream.fail(error)
  }
}

const NO_PAIRS: readonly string[] = []

function pairsOf(params: EngineRequest['params']): readonly string[] {
  let pairs = NO_PAIRS as string[]
  for (const name in params) {
    if (pairs === NO_PAIRS) pairs = []
    pairs.push(name, params[name]!)
  }
  return pairs
}

function contentOf({ hasContent, expectsContinue }: EngineRequest): ContentDelivery {
  if (!hasContent) return 'none'
  return expectsContinue ? 'withheld' : 'coming'
}
