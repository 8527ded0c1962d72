import type { Request } from '../domain/message/request.js'
import type { Exchange } from './access-log.js'
import type { Security } from './transport.js'

/** A request that has begun. */
export interface TracedRequest {
  readonly head: Request
  /** The peer's address and port, as `address:port` or `[address]:port`. */
  readonly peer: string
  /** `null` for plain HTTP. */
  readonly security: Security | null
}

/** The span of one request. */
export interface RequestSpan {
  /** 32 hexadecimal digits. */
  readonly traceId: string
  /** The span as a `traceparent` field, for what is part of it elsewhere. */
  readonly traceparent: string
  /** Runs what is part of the span, such as the handler. */
  within<T>(run: () => T): T
  end(exchange: Exchange): void
}

/** Tells telemetry of requests, by spans. */
export interface Tracing {
  /** Begins the span of a request, which continues the trace that the request's fields name, or begins one. */
  begin(request: TracedRequest): RequestSpan
  /**
   * Runs what is part of a span that is kept elsewhere, such as by another thread.
   *
   * @param traceparent of that span
   */
  within<T>(traceparent: string, run: () => T): T
}

export interface TracingSource {
  /** @returns `null` where there is no telemetry to tell */
  load(): Promise<Tracing | null>
}
