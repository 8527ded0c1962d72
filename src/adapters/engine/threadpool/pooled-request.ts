import { PoolTask } from '../../../domain/threadpool/pool-task.js'
import { Response } from '../../../domain/message/response.js'
import type { ContentDelivery, RequestMessage } from '../../../ports/threads/thread-messages.js'
import type { EngineRequest } from '../../../ports/serving/engine.js'
import type { Answer } from '../../../ports/plugins/plugin.js'
import { ContentFeed, type ThreadRequestLink } from './content-feed.js'
import { fieldsOf } from './response-messages.js'
import { StreamedAnswer } from './streamed-answer.js'

/** A request in the pool, until its response is complete. */
export class PooledRequest extends PoolTask {
  /** The handler's answer. Never settles once the request is aborted, since nothing awaits it then. */
  readonly answer: Promise<Answer>
  /** Settle `answer`. */
  resolve!: (answer: Answer) => void
  reject!: (error: unknown) => void
  /** Its number in the thread that it is assigned to. */
  number = 0
  /** When it was posted to its thread, by the stall detector's clock; Infinity before. */
  sentMs = Infinity
  /** Until when its thread may react to the abort, by the stall detector's clock; null if it is not aborted. */
  graceEndsMs: number | null = null
  /** The content of its response, if that is a stream. */
  stream: StreamedAnswer | null = null

  /** Sends its content to the thread; null if it has none. */
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

  /** The message that assigns the request to its thread. */
  toMessage(): RequestMessage {
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
      deliveryOf(request),
      request.id,
      request.traceId,
      request.spanFields,
      request.peer,
      request.tls,
    ]
  }

  /**
   * Resolves the answer with a response whose content is a stream.
   *
   * @param fields as on the wire
   * @throws {TypeError} for fields that no response may have
   */
  startStream(
    status: number,
    fields: string,
    length: number | null,
    { number, send }: Pick<ThreadRequestLink, 'number' | 'send'>,
  ): void {
    const checked = fieldsOf(fields)
    const stream = new StreamedAnswer({
      pull: () => send(['pull', number]),
      returnCredit: (credit) => send(['credit', number, credit]),
      cancel: () => send(['cancel', number]),
    })
    this.stream = stream
    this.resolve(new Response(status, checked, { kind: 'stream', pieces: stream, length }))
  }

  /** The response will not be completed: rejects the answer, or cuts off the stream. */
  fail(error: unknown): void {
    this.feed?.stop()
    if (this.isAborted) return
    if (this.stream === null) this.reject(error)
    else this.stream.fail(error)
  }
}

const NO_PAIRS: readonly string[] = []

/** Names and values, alternating. */
function pairsOf(params: EngineRequest['params']): readonly string[] {
  let pairs = NO_PAIRS as string[]
  for (const name in params) {
    if (pairs === NO_PAIRS) pairs = []
    pairs.push(name, params[name]!)
  }
  return pairs
}

function deliveryOf({ hasContent, expectsContinue }: EngineRequest): ContentDelivery {
  if (!hasContent) return 'none'
  return expectsContinue ? 'on-demand' : 'eager'
}
