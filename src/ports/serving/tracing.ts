import type { RequestHead } from '../../domain/message/request-head.js'
import type { ExchangeRecord } from './access-log.js'
import type { Security } from './transport.js'

/** A request that has begun. */
export interface TracedRequest {
  readonly head: RequestHead
  /** The peer's address and port, as `address:port` or `[address]:port`. */
  readonly peer: string
  /** `null` for plain HTTP. */
  readonly security: Security | null
}

/** What carries a span to where it is not known, as fields of a message would: `traceparent`, and what else there is. */
export type SpanFields = Readonly<Record<string, string>>

/** The span of one request. */
export interface RequestSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  readonly fields: SpanFields
  /** Runs what is part of the span, such as the handler. */
  within<T>(run: () => T): T
  end(exchange: ExchangeRecord): void
}

/** Tells telemetry of requests, by spans. */
export interface Tracing {
  /**
   * Begins the span of a request, which continues the trace that the request's fields name, or begins one.
   *
   * @returns `null` where telemetry has none for it
   */
  begin(request: TracedRequest): RequestSpan | null
  /**
   * Runs what is part of a span that is kept elsewhere, such as by another thread.
   *
   * @param fields of that span
   */
  within<T>(fields: SpanFields, run: () => T): T
}

export interface TracingSource {
  /** @returns `null` where there is no telemetry to tell */
  load(): Promise<Tracing | null>
}
