import type { Phase } from '../../domain/lifecycle/drain.js'
import type { LatencyCounts } from '../../domain/metrics/latency-summary.js'
import type { Outcome } from '../../domain/lifecycle/outcome.js'
import type { ExchangeRecord } from '../serving/access-log.js'

/** Quantiles of latency in milliseconds. */
export interface LatencyMs {
  readonly p50: number
  readonly p95: number
  readonly p99: number
  readonly max: number
}

/** The metrics of one route. */
export interface RouteMetrics {
  /** The route's pattern, or `<unmatched>` for requests without a route. Never a raw path. */
  readonly route: string
  readonly requests: number
  /** Requests with a 5xx response or none. */
  readonly errors: number
  readonly latencyMs: LatencyMs
  /** Cumulative counts per upper bound in seconds, for Prometheus; the last bound is infinite. */
  readonly buckets: readonly { readonly leSeconds: number; readonly count: number }[]
  /** The sum of all durations. */
  readonly sumSeconds: number
}

/** Why a handler thread was lost: blocked by a handler, exited, threw outside a request, or used too much memory. */
export type ThreadLoss = 'stuck' | 'exited' | 'threw' | 'memory'

/** The handler threads of one process, or of all processes together. */
export interface ThreadsMetrics {
  readonly configured: number
  readonly ready: number
  /** Requests that are being handled in threads. */
  readonly inFlight: number
  readonly lost: Readonly<Record<ThreadLoss, number>>
}

/** Why a worker process was lost: it exited or was killed, or sent no heartbeat. */
export type WorkerLoss = 'died' | 'unresponsive'

/** The worker processes. Without a supervisor, 1 is configured and 1 is ready. */
export interface WorkersMetrics {
  readonly configured: number
  readonly ready: number
  readonly lost: Readonly<Record<WorkerLoss, number>>
  readonly reloads: { readonly done: number; readonly refused: number }
  /** Renewals of certificates. */
  readonly renewals: { readonly done: number; readonly refused: number }
}

/**
 * How a handshake ended:
 * - `full`, `resumed`: complete, with a new or a resumed session
 * - `client-refused`: complete, but the client certificate is not accepted
 * - `timed-out`: not complete in time
 * - `failed`: refused by TLS, for example because of an unsupported version
 * - `aborted`: the peer closed the connection
 * - `no-room`: dropped, because too many handshakes were in progress
 * - `plain`: never begun, because the peer sent plain HTTP
 */
export type HandshakeOutcome =
  'full' | 'resumed' | 'client-refused' | 'timed-out' | 'failed' | 'aborted' | 'no-room' | 'plain'

/** A certificate in use. */
export interface CertificateMetrics {
  /** Its label: the first name that it is issued for, and the type of its key. */
  readonly certificate: string
  /** Negative once it has expired. */
  readonly expiresInSeconds: number
}

/** The metrics of HTTPS. */
export interface TlsMetrics {
  readonly handshakes: Readonly<Record<HandshakeOutcome, number>>
  /** Handshakes in progress. */
  readonly inFlight: number
  readonly certificates: readonly CertificateMetrics[]
}

/** All metrics at one moment. */
export interface MetricsSnapshot {
  readonly engine: string
  readonly socket: string
  readonly phase: Phase
  readonly uptimeSeconds: number
  readonly connections: {
    readonly active: number
    /** Active connections without a request in flight. */
    readonly idle: number
    readonly accepted: number
    readonly rejected: number
  }
  readonly requests: {
    /** All requests begun, those in flight included. */
    readonly total: number
    readonly inFlight: number
    /** By `1xx` to `5xx`. */
    readonly byStatusClass: Readonly<Record<string, number>>
    /** By every outcome except `completed`. */
    readonly byErrorClass: Readonly<Record<Exclude<Outcome, 'completed'>, number>>
  }
  readonly routes: readonly RouteMetrics[]
  readonly bytes: { readonly in: number; readonly out: number }
  /** Requests that wait for a handler, and the most that may wait. Both are 0 on an engine without a queue. */
  readonly queue: { readonly length: number; readonly capacity: number }
  /** `null` on an engine without threads. */
  readonly threads: ThreadsMetrics | null
  /** `null` without HTTPS. */
  readonly tls: TlsMetrics | null
  readonly workers: WorkersMetrics
  /** Refused requests by the name of the rule that they broke. */
  readonly rejections: Readonly<Record<string, number>>
  /** Access-log lines that the log dropped. */
  readonly accessLogDropped: number
  readonly process: {
    readonly rssBytes: number
    readonly heapBytes: number
    readonly eventLoopDelayMs: { readonly p50: number; readonly p99: number; readonly max: number }
  }
}

/** Reads the values that other parts of the server know. They are called for each snapshot. */
export interface MetricsSources {
  readonly engine: string
  readonly socket: string
  phase(): Phase
  queue(): { readonly length: number; readonly capacity: number }
  threads(): ThreadsMetrics | null
  tls(): Omit<TlsMetrics, 'handshakes'> | null
  accessLogDropped(): number
}

/** The counters of one route. */
export interface RouteCounters {
  readonly route: string
  readonly errors: number
  readonly latency: LatencyCounts
}

/**
 * The counters of a process since its start. They never decrease, so that they can be summed over processes, ended ones
 * included.
 */
export interface MetricsCounters {
  readonly connections: Pick<MetricsSnapshot['connections'], 'accepted' | 'rejected'>
  readonly requests: Pick<MetricsSnapshot['requests'], 'total' | 'byStatusClass' | 'byErrorClass'>
  readonly routes: readonly RouteCounters[]
  readonly bytes: MetricsSnapshot['bytes']
  readonly rejections: MetricsSnapshot['rejections']
  readonly accessLogDropped: number
  readonly threadsLost: ThreadsMetrics['lost']
  readonly handshakes: TlsMetrics['handshakes']
}

/** The gauges of a process: values of this moment, which end with the process. */
export interface MetricsGauges extends Pick<
  MetricsSnapshot,
  'engine' | 'socket' | 'phase' | 'uptimeSeconds' | 'queue' | 'process'
> {
  readonly connections: Pick<MetricsSnapshot['connections'], 'active' | 'idle'>
  /** Requests in flight. */
  readonly inFlight: number
  readonly threads: Omit<ThreadsMetrics, 'lost'> | null
  readonly tls: Omit<TlsMetrics, 'handshakes'> | null
}

/** The counters and gauges of one process, in plain JSON: the supervisor collects and merges them. */
export interface MetricsCounts {
  readonly counters: MetricsCounters
  readonly gauges: MetricsGauges
}

/** The metrics that plugins read. */
export interface ServiceMetrics {
  /** Returns the metrics of all worker processes together; counters include those of ended processes. */
  snapshot(): Promise<MetricsSnapshot>
  /** Returns the metrics of each running worker, ordered by number; without a supervisor, of this process only. */
  perWorker(): Promise<readonly WorkerSnapshot[]>
}

/** The metrics of one process. */
export type ProcessSnapshot = Omit<MetricsSnapshot, 'workers'>

/** The metrics of one worker process. */
export interface WorkerSnapshot {
  /**
   * The number of its slot, from 1; 0 without a supervisor. Two workers share a number while one replaces the other.
   */
  readonly worker: number
  readonly pid: number
  readonly snapshot: ProcessSnapshot
}

/** Counts connections, requests and bytes. Every method costs a few additions, except `counts`. */
export interface Metrics {
  /**
   * Called once, before the first request.
   *
   * @param routes names by index; 0 is `<unmatched>`
   */
  begin(routes: readonly string[], sources: MetricsSources): void
  connectionAccepted(): void
  /** A connection was rejected at once; it is not counted as accepted. */
  connectionRejected(): void
  connectionClosed(): void
  handshakeEnded(outcome: HandshakeOutcome): void
  received(bytes: number): void
  sent(bytes: number): void
  /** The head of a request is complete, or was refused. */
  requestBegun(): void
  /** A request that had begun has ended. */
  requestEnded(exchange: ExchangeRecord): void
  /** A request was refused or rejected by this rule. Where it had begun, `requestEnded` is called as well. */
  refused(rule: string): void

  counts(): MetricsCounts
}
