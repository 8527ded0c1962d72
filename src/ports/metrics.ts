import type { Phase } from '../domain/service/drain.js'
import type { Outcome } from '../domain/service/outcome.js'
import type { Exchange } from './access-log.js'

/** Milliseconds. */
export interface LatencyMs {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

export interface RouteMetrics {
  /** The route's pattern, `<unmatched>` for the rest; never a raw path. */
  readonly route: string
  readonly requests: number
  /** Those answered 5xx or not at all. */
  readonly errors: number
  readonly latencyMs: LatencyMs
  /** Cumulative counts per upper bound in seconds, for Prometheus; the last bound is infinite. */
  readonly buckets: readonly { readonly leSeconds: number; readonly count: number }[]
  /** Of all durations. */
  readonly sumSeconds: number
}

export interface MetricsSnapshot {
  readonly engine: string
  readonly socket: string
  readonly phase: Phase
  readonly uptimeSeconds: number
  readonly connections: {
    readonly active: number
    /** Those among the active without a request under way. */
    readonly idle: number
    readonly accepted: number
    readonly rejected: number
  }
  readonly requests: {
    /** Those begun: under way or over. */
    readonly total: number
    readonly inFlight: number
    /** Keys `1xx` to `5xx`. */
    readonly byStatusClass: Readonly<Record<string, number>>
    /** Every outcome but `completed`. */
    readonly byErrorClass: Readonly<Record<Exclude<Outcome, 'completed'>, number>>
  }
  readonly routes: readonly RouteMetrics[]
  readonly octets: { readonly in: number; readonly out: number }
  /** Requests waiting for a handler, and how many may: 0 of 0 on an engine without a queue. */
  readonly queue: { readonly length: number; readonly capacity: number }
  /** Refusals by rule name. */
  readonly rejections: Readonly<Record<string, number>>
  /** Access-log lines that the sink could not take. */
  readonly accessLogDropped: number
  readonly process: {
    readonly rssBytes: number
    readonly heapBytes: number
    readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number }
  }
}

/** What only others know, asked at each snapshot. */
export interface MetricsSources {
  readonly engine: string
  readonly socket: string
  phase(): Phase
  queue(): { readonly length: number; readonly capacity: number }
  accessLogDropped(): number
}

/** Counts what happens. Every verb is a few additions; only `snapshot` costs more. */
export interface Metrics {
  /**
   * Called once, before the first request.
   *
   * @param routes names by index; 0 is `<unmatched>`
   */
  begin(routes: readonly string[], sources: MetricsSources): void
  connectionAccepted(): void
  /** Turned away at the door; it was not counted as accepted. */
  connectionRejected(): void
  connectionClosed(): void
  received(octets: number): void
  sent(octets: number): void
  /** A request's head is complete, or was refused. */
  requestBegun(): void
  /** A request that was begun is over. */
  requestEnded(exchange: Exchange): void
  /** A refusal by this rule; beside `requestEnded` where the request was begun. */
  refused(rule: string): void
  snapshot(): MetricsSnapshot
}
