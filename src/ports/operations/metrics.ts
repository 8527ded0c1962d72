import type { Phase } from '../../domain/lifecycle/drain.js'
import type { LatencyCounts } from '../../domain/metrics/latency-summary.js'
import type { Outcome } from '../../domain/lifecycle/outcome.js'
import type { ExchangeRecord } from '../serving/access-log.js'

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

/** Why a handler thread was lost: it did not come back from a handler, ended itself, threw outside of a request, or took too much memory. */
export type ThreadLoss = 'stuck' | 'exited' | 'threw' | 'memory'

/** The handler threads of one process, or of all together. */
export interface ThreadsMetrics {
  readonly configured: number
  readonly ready: number
  /** Requests that they have. */
  readonly inFlight: number
  readonly lost: Readonly<Record<ThreadLoss, number>>
}

/** Why a worker process was lost: it ended or was killed, or left its heartbeat unanswered. */
export type WorkerLoss = 'died' | 'unresponsive'

/** The worker processes: 1 of 1 where there is no supervisor. */
export interface WorkersMetrics {
  readonly configured: number
  readonly ready: number
  readonly lost: Readonly<Record<WorkerLoss, number>>
  readonly reloads: { readonly done: number; readonly refused: number }
  /** Of certificates. */
  readonly renewals: { readonly done: number; readonly refused: number }
}

/**
 * What became of a handshake: complete, with a new session or one of before; complete, but with a client certificate that
 * is not accepted; too late; refused by TLS, such as for a version that is not spoken; given up by the peer; pushed out for
 * want of room; none at all, since the peer speaks plain HTTP.
 */
export type HandshakeOutcome =
  'full' | 'resumed' | 'client-refused' | 'timed-out' | 'failed' | 'aborted' | 'no-room' | 'plain'

/** A certificate that is served. */
export interface CertificateMetrics {
  /** The first name that it is made out to, and the kind of its key. */
  readonly certificate: string
  /** Below 0 when it has expired. */
  readonly expiresInSeconds: number
}

/** HTTPS. */
export interface TlsMetrics {
  readonly handshakes: Readonly<Record<HandshakeOutcome, number>>
  /** Handshakes under way. */
  readonly inFlight: number
  readonly certificates: readonly CertificateMetrics[]
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
  readonly bytes: { readonly in: number; readonly out: number }
  /** Requests waiting for a handler, and how many may: 0 of 0 on an engine without a queue. */
  readonly queue: { readonly length: number; readonly capacity: number }
  /** `null` on an engine without threads. */
  readonly threads: ThreadsMetrics | null
  /** `null` without HTTPS. */
  readonly tls: TlsMetrics | null
  readonly workers: WorkersMetrics
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

/** What only others know, asked each time. */
export interface MetricsSources {
  readonly engine: string
  readonly socket: string
  phase(): Phase
  queue(): { readonly length: number; readonly capacity: number }
  threads(): ThreadsMetrics | null
  tls(): Omit<TlsMetrics, 'handshakes'> | null
  accessLogDropped(): number
}

/** What one route has counted. */
export interface RouteCounters {
  readonly route: string
  readonly errors: number
  readonly latency: LatencyCounts
}

/** What a process has counted since its start. None of it ever falls, so it adds up over processes, those that are gone among them. */
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

/** How a process is now. It is gone with the process. */
export interface MetricsGauges extends Pick<
  MetricsSnapshot,
  'engine' | 'socket' | 'phase' | 'uptimeSeconds' | 'queue' | 'process'
> {
  readonly connections: Pick<MetricsSnapshot['connections'], 'active' | 'idle'>
  /** Requests under way. */
  readonly inFlight: number
  readonly threads: Omit<ThreadsMetrics, 'lost'> | null
  readonly tls: Omit<TlsMetrics, 'handshakes'> | null
}

/** All that one process knows for a snapshot, as JSON can hold it: to be sent to another process and merged there. */
export interface MetricsCounts {
  readonly counters: MetricsCounters
  readonly gauges: MetricsGauges
}

/** The metrics as plugins ask for them. */
export interface ServiceMetrics {
  /** Of all worker processes together, whichever is asked; its counters include those of processes that are gone. */
  snapshot(): Promise<MetricsSnapshot>
  /** Of each that is there, in the order of their numbers; a process without a supervisor is the only one. */
  perWorker(): Promise<readonly WorkerSnapshot[]>
}

/** What one worker process has to show: all but the facts about the workers together. */
export type ProcessSnapshot = Omit<MetricsSnapshot, 'workers'>

export interface WorkerSnapshot {
  /** From 1; 0 for a process without a supervisor. Two have the same while one takes the place of the other. */
  readonly worker: number
  readonly pid: number
  readonly snapshot: ProcessSnapshot
}

/** Counts what happens. Every verb is a few additions; only `counts` costs more. */
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
  handshakeEnded(outcome: HandshakeOutcome): void
  received(octets: number): void
  sent(octets: number): void
  /** A request's head is complete, or was refused. */
  requestBegun(): void
  /** A request that was begun is over. */
  requestEnded(exchange: ExchangeRecord): void
  /** A refusal by this rule; beside `requestEnded` where the request was begun. */
  refused(rule: string): void
  counts(): MetricsCounts
}
