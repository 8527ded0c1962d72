import type { RequestHead } from '../../domain/message/request-head.js'
import type { ExchangeRecord } from './access-log.js'
import type { Security } from './transport.js'

/** A request whose span begins. */
export interface TracedRequest {
  readonly head: RequestHead
  /** The peer's address and port, as `address:port` or `[address]:port`. */
  readonly peer: string
  /** `null` for plain HTTP. */
  readonly security: Security | null
}

/** The context of a span as message fields, such as `traceparent`: it identifies the span in another thread. */
export type SpanFields = Readonly<Record<string, string>>

/** The span of one request. */
export interface RequestSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  readonly fields: SpanFields
  /** Runs a function, such as the handler, as part of the span. */
  within<T>(run: () => T): T
  /** Ends the span with the outcome of its request. */
  end(exchange: ExchangeRecord): void
}

/** Reports requests to tracing, as spans. */
export interface Tracing {
  /**
   * Begins the span of a request. It continues the trace that the request's fields name, or begins a new one.
   *
   * @returns `null` when tracing does not record this request
   */
  begin(request: TracedRequest): RequestSpan | null
  /**
   * Runs a function as part of a span that another thread has.
   *
   * @param fields the context of that span
   */
  within<T>(fields: SpanFields, run: () => T): T
}

/** Loads tracing. */
export interface TracingSource {
  /** @returns `null` when tracing is not set up */
  load(): Promise<Tracing | null>
}
