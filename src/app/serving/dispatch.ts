import { BadContentError } from '../../domain/message/bad-content-error.js'
import { problem } from '../../domain/representation/problem.js'
import { empty } from '../../domain/message/response-makers.js'
import type { Route, RouteTable } from '../../domain/routing/route-table.js'
import { rejection } from '../../domain/lifecycle/admission.js'
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

/** Finds the handler of a request and runs it. Never throws: every failure becomes an error response. */
export class Dispatch {
  constructor(
    private readonly table: RouteTable<PlacedHandler>,
    private readonly engine: Engine,
    private readonly files: FileResponder,
    private readonly metrics: Metrics,
    private readonly log: EventLog,
  ) {}

  /**
   * Answers a request.
   *
   * @param content null for a request without content
   * @returns a promise only if the handler returned one, or if opening its file takes one
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

  /** The log gets the whole error, the peer gets none of it. */
  private failure(exchange: Exchange, error: unknown): SendableResponse {
    if (error instanceof BadContentError) return problem(400, exchange.accept)
    if (error instanceof Unavailable) return this.unavailable(exchange, error)
    this.fail(exchange, error)
    return problem(500, exchange.accept)
  }

  /**
   * A request that no handler has begun can be sent again, so the response says when. If its handler was lost with its
   * thread, nobody knows what the handler has done: the request has failed, and the response does not ask for a retry.
   */
  private unavailable(exchange: Exchange, error: Unavailable): SendableResponse {
    this.metrics.refused(error.rule)
    if (error.rule === 'thread-lost') {
      this.fail(exchange, error)
      return problem(503, exchange.accept)
    }
    exchange.outcome = 'rejected'
    return rejection(exchange.accept)
  }

  private fail(exchange: Exchange, error: unknown): void {
    // The peer disconnected or broke the framing: an error that the handler throws then is not its own failure.
    if (exchange.settled) return
    exchange.outcome = 'failed'
    this.log.error('handler failed', { request: exchange.requestId, route: exchange.routeName, error })
  }
}
