import { problem } from '../domain/message/problem.js'
import { empty, text } from '../domain/message/response-makers.js'
import { isOfKind, type DescribedContent, type Response } from '../domain/message/response.js'
import type { Route, RouteTable } from '../domain/routing/route-table.js'
import type { Engine, PlacedHandler } from '../ports/engine.js'
import type { EventLog } from '../ports/event-log.js'
import type { Metrics } from '../ports/metrics.js'
import type { Answer } from '../ports/plugin.js'
import type { ContentReader } from './content-reader.js'
import type { Exchange } from './exchange.js'
import type { FileResponder } from './file-response.js'
import { BadContentError, HandlerRequest } from './handler-request.js'

/** Finds who answers a request and has them answer it. Never throws: what goes wrong becomes an error response. */
export class Dispatch {
  constructor(
    private readonly table: RouteTable<PlacedHandler>,
    private readonly engine: Engine,
    private readonly files: FileResponder,
    private readonly metrics: Metrics,
    private readonly log: EventLog,
  ) {}

  /**
   * @param content null for a request without content
   * @returns no promise when the handler returned none
   */
  answer(exchange: Exchange, content: ContentReader | null): Response | Promise<Response> {
    const { method, path } = exchange.head!
    if (path === '*') return empty({ headers: { Allow: this.table.allMethods } })
    const resource = this.table.match(path)
    if (resource === null) return problem(404, exchange.accept)
    const route = resource.route(method)
    if (route !== null) return this.run(exchange, route, content)
    if (method === 'OPTIONS') return empty({ headers: { Allow: resource.allow } })
    this.metrics.refused('method-not-allowed')
    return problem(405, exchange.accept, [['Allow', resource.allow]])
  }

  private run(
    exchange: Exchange,
    route: Route<PlacedHandler>,
    content: ContentReader | null,
  ): Response | Promise<Response> {
    const head = exchange.head!
    const request = new HandlerRequest(head, route.params(head.path), content, exchange)
    exchange.handed = request
    exchange.route = route.index
    exchange.routeName = route.name
    try {
      const answer = this.engine.run(route.value, request)
      if (isPromise(answer)) return this.whenAnswered(exchange, request, answer)
      return this.complete(exchange, request, answer)
    } catch (error) {
      return this.failure(exchange, error)
    }
  }

  private async whenAnswered(
    exchange: Exchange,
    request: HandlerRequest,
    answer: PromiseLike<Answer>,
  ): Promise<Response> {
    try {
      return await this.complete(exchange, request, await answer)
    } catch (error) {
      return this.failure(exchange, error)
    }
  }

  private complete(exchange: Exchange, request: HandlerRequest, answer: Answer): Response | Promise<Response> {
    const response = responseOf(answer)
    return isOfKind(response.content, 'file') ? this.openFile(exchange, request, response) : response
  }

  private async openFile(exchange: Exchange, request: HandlerRequest, response: Response): Promise<Response> {
    try {
      return await this.files.respond(request, response)
    } catch (error) {
      return this.failure(exchange, error)
    }
  }

  /** Nothing of the error reaches the peer, all of it reaches the log. */
  private failure(exchange: Exchange, error: unknown): Response {
    if (error instanceof BadContentError) return problem(400, exchange.accept)
    // The peer left, or broke the framing: what the handler makes of that is not its failure.
    if (!exchange.settled) {
      exchange.outcome = 'failed'
      this.log.error('handler failed', { request: exchange.request, route: exchange.routeName, error })
    }
    return problem(500, exchange.accept)
  }
}

function isPromise(answer: Answer | Promise<Answer>): answer is Promise<Answer> {
  return typeof answer === 'object' && typeof (answer as { then?: unknown } | null)?.then === 'function'
}

const KINDS: ReadonlySet<unknown> = new Set<DescribedContent['kind']>(['file', 'parts', 'stream'])

/** By shape, not by class: a plugin may have another copy of the makers than the server. */
function responseOf(answer: Answer): Response {
  if (typeof answer === 'string') return text(answer)
  const response = answer as Partial<Response> | null | undefined
  if (typeof response?.status !== 'number' || typeof response.fields?.wire !== 'string') {
    throw new TypeError(`Cannot answer with ${describe(answer)}: wanted a string or a response`)
  }
  if (!Number.isInteger(response.status) || response.status < 200 || response.status > 599) {
    throw new RangeError(`Cannot answer with status ${response.status}: wanted 200 to 599`)
  }
  if (!isContent(response.content)) {
    throw new TypeError(`Cannot answer with content that is ${describe(response.content)}: wanted text or octets`)
  }
  return answer
}

function isContent(content: unknown): boolean {
  if (content === null || typeof content === 'string' || content instanceof Uint8Array) return true
  return typeof content === 'object' && 'kind' in content && KINDS.has(content.kind)
}

function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value)
  return typeof value === 'object'
    ? `an object with ${Object.keys(value).join(', ') || 'no keys'}`
    : `a ${typeof value}`
}
