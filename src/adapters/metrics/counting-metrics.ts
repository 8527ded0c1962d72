import { getHeapStatistics } from 'node:v8'
import { LatencySummary } from '../../domain/metrics/latency-summary.js'
import { OUTCOMES, type Outcome } from '../../domain/lifecycle/outcome.js'
import type { ExchangeRecord } from '../../ports/serving/access-log.js'
import type { Clock } from '../../ports/operations/clock.js'
import type {
  HandshakeOutcome,
  Metrics,
  MetricsCounters,
  MetricsCounts,
  MetricsGauges,
  MetricsSources,
  RouteCounters,
  ThreadsMetrics,
} from '../../ports/operations/metrics.js'
import type { EventLoopDelayMs } from './event-loop-delay.js'

/** The sources before `begin`. */
const NO_SOURCES: MetricsSources = {
  engine: '',
  socket: '',
  phase: () => 'starting',
  queue: () => ({ length: 0, capacity: 0 }),
  threads: () => null,
  tls: () => null,
  accessLogDropped: () => 0,
}

const NONE_LOST: ThreadsMetrics['lost'] = { stuck: 0, exited: 0, threw: 0, memory: 0 }

interface RouteCount {
  readonly name: string
  errors: number
  readonly latency: LatencySummary
}

/** Metrics as plain counters in memory. */
export class CountingMetrics implements Metrics {
  private readonly startedMs: number
  private sources = NO_SOURCES
  private routes = [countOf('<unmatched>')]
  private accepted = 0
  private rejected = 0
  private closed = 0
  private bytesIn = 0
  private bytesOut = 0
  private begun = 0
  private ended = 0
  /** Responses by the first digit of their status; index 0 counts requests without a response. */
  private readonly statusClasses = [0, 0, 0, 0, 0, 0]
  private readonly outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>
  private readonly rejections = new Map<string, number>()
  private readonly handshakes: Record<HandshakeOutcome, number> = {
    full: 0,
    resumed: 0,
    'client-refused': 0,
    'timed-out': 0,
    failed: 0,
    aborted: 0,
    'no-room': 0,
    plain: 0,
  }

  /** @param rssBytes reads the resident memory of the process */
  constructor(
    private readonly clock: Clock,
    private readonly rssBytes: () => number,
    private readonly eventLoopDelay: () => EventLoopDelayMs,
  ) {
    this.startedMs = clock.now()
  }

  begin(routes: readonly string[], sources: MetricsSources): void {
    this.routes = routes.map(countOf)
    this.sources = sources
  }

  connectionAccepted(): void {
    this.accepted++
  }

  connectionRejected(): void {
    this.rejected++
  }

  connectionClosed(): void {
    this.closed++
  }

  handshakeEnded(outcome: HandshakeOutcome): void {
    this.handshakes[outcome]++
  }

  received(bytes: number): void {
    this.bytesIn += bytes
  }

  sent(bytes: number): void {
    this.bytesOut += bytes
  }

  requestBegun(): void {
    this.begun++
  }

  requestEnded(exchange: ExchangeRecord): void {
    const { status, outcome } = exchange
    this.ended++
    this.statusClasses[Math.trunc(status / 100)]!++
    this.outcomes[outcome]++
    const route = this.routes[exchange.route]!
    if (status === 0 || status >= 500) route.errors++
    route.latency.record(exchange.durationMs)
  }

  refused(rule: string): void {
    this.rejections.set(rule, (this.rejections.get(rule) ?? 0) + 1)
  }

  counts(): MetricsCounts {
    const threads = this.sources.threads()
    return { counters: this.counters(threads?.lost ?? NONE_LOST), gauges: this.gauges(threads) }
  }

  private counters(threadsLost: ThreadsMetrics['lost']): MetricsCounters {
    return {
      connections: { accepted: this.accepted, rejected: this.rejected },
      requests: { total: this.begun, ...this.ends() },
      routes: this.routes.map(routeCounters),
      bytes: { in: this.bytesIn, out: this.bytesOut },
      rejections: Object.fromEntries(this.rejections),
      accessLogDropped: this.sources.accessLogDropped(),
      threadsLost,
      handshakes: { ...this.handshakes },
    }
  }

  private ends(): Pick<MetricsCounters['requests'], 'byStatusClass' | 'byErrorClass'> {
    const [, ...classes] = this.statusClasses
    const byStatusClass = Object.fromEntries(classes.map((count, at) => [`${at + 1}xx`, count]))
    const { completed: _, ...byErrorClass } = this.outcomes
    return { byStatusClass, byErrorClass }
  }

  private gauges(threads: ThreadsMetrics | null): MetricsGauges {
    const { sources } = this
    const active = this.accepted - this.closed
    const inFlight = this.begun - this.ended
    return {
      engine: sources.engine,
      socket: sources.socket,
      phase: sources.phase(),
      uptimeSeconds: Math.round(this.clock.now() - this.startedMs) / 1000,
      // A request may outlive its connection for a moment.
      connections: { active, idle: Math.max(0, active - inFlight) },
      inFlight,
      queue: sources.queue(),
      threads: threads === null ? null : withoutLosses(threads),
      tls: sources.tls(),
      process: this.process(),
    }
  }

  private process(): MetricsGauges['process'] {
    const heapBytes = getHeapStatistics().used_heap_size
    return { rssBytes: this.rssBytes(), heapBytes, eventLoopDelayMs: this.eventLoopDelay() }
  }
}

function countOf(name: string): RouteCount {
  return { name, errors: 0, latency: new LatencySummary() }
}

function routeCounters({ name, errors, latency }: RouteCount): RouteCounters {
  return { route: name, errors, latency: latency.toCounts() }
}

function withoutLosses({ configured, ready, inFlight }: ThreadsMetrics): MetricsGauges['threads'] {
  return { configured, ready, inFlight }
}
