import { BadContentError } from '../../domain/message/bad-content-error.js'
import { problem } from '../../domain/representation/problem.js'
import { empty } from '../../domain/message/response-makers.js'
import type { Route, RouteTable } from '../../domain/routing/route-table.js'
import { turnedAway } from '../../domain/lifecycle/admission.js'
import { Unavailable } from '../../domain/lifecycle/unavailable.js'
import type { Engine, PlacedHandler } from '../../ports/serving/engine.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { MaybePromise } from '../../ports/plugins/maybe-promise.js'
import type { Metrics } from '../../ports/operations/metrics.js'
import type { Answer } from '../../ports/plugins/plugin.js'
import type { RequestSpan } from '../../ports/serving/tracing.js'
import { isPromise, responseOf } from './answer.js'
import type { ContentReader } from './content-reader.js'
import type { Exchange } from './exchange.js'
import type { FileResponder } from '../files/file-response.js'
import { HandlerRequest } from './handler-request.js'
import type { SendableResponse } from './sendable-response.js'

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
   * @returns no promise when the handler returned none, and the file that it answers with is at hand
   */
  answer(exchange: Exchange, content: ContentReader | null): MaybePromise<SendableResponse> {
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
  ): MaybePromise<SendableResponse> {
    const head = exchange.head!
    const request = new HandlerRequest(head, route.params(head.path), content, exchange)
    exchange.handlerRequest = request
    exchange.route = route.index
    exchange.routeName = route.name
    try {
      const answer = this.runWithin(exchange.span, route.value, request)
      if (isPromise(answer)) return this.whenAnswered(exchange, request, answer)
      return this.complete(exchange, request, answer)
    } catch (error) {
      return this.failure(exchange, error)
    }
  }

  private runWithin(span: RequestSpan | null, handler: PlacedHandler, request: HandlerRequest): MaybePromise<Answer> {
    return span === null ? this.engine.run(handler, request) : span.within(() => this.engine.run(handler, request))
  }

  private async whenAnswered(
    exchange: Exchange,
    request: HandlerRequest,
    answer: PromiseLike<Answer>,
  ): Promise<SendableResponse> {
    try {
      return await this.complete(exchange, request, await answer)
    } catch (error) {
      return this.failure(exchange, error)
    }
  }

  private complete(exchange: Exchange, request: HandlerRequest, answer: Answer): MaybePromise<SendableResponse> {
    const opened = this.files.respond(request, responseOf(answer, exchange.routeName))
    return opened instanceof Promise ? opened.catch((error: unknown) => this.failure(exchange, error)) : opened
  }

  /** Nothing of the error reaches the peer, all of it reaches the log. */
  private failure(exchange: Exchange, error: unknown): SendableResponse {
    if (error instanceof BadContentError) return problem(400, exchange.accept)
    if (error instanceof Unavailable) return this.unavailable(exchange, error)
    this.fail(exchange, error)
    return problem(500, exchange.accept)
  }

  /**
   * A request that no handler began may be sent again. What the handler of one that was lost with its thread has done is
   * not known, so that nobody is asked to: it has failed.
   */
  private unavailable(exchange: Exchange, error: Unavailable): SendableResponse {
    this.metrics.refused(error.rule)
    if (error.rule === 'thread-lost') {
      this.fail(exchange, error)
      return problem(503, exchange.accept)
    }
    exchange.outcome = 'rejected'
    return turnedAway(exchange.accept)
  }

  private fail(exchange: Exchange, error: unknown): void {
    // The peer left, or broke the framing: what the handler makes of that is not its failure.
    if (exchange.settled) return
    exchange.outcome = 'failed'
    this.log.error('handler failed', { request: exchange.request, route: exchange.routeName, error })
  }
}
