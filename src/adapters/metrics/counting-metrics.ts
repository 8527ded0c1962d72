import { BOUNDS_MS, LatencySummary } from '../../domain/service/latency-summary.js'
import { OUTCOMES, type Outcome } from '../../domain/service/outcome.js'
import type { Exchange } from '../../ports/access-log.js'
import type { Clock } from '../../ports/clock.js'
import type { LatencyMs, Metrics, MetricsSnapshot, MetricsSources, RouteMetrics } from '../../ports/metrics.js'
import type { EventLoopDelayMs } from './event-loop-delay.js'

/** What a snapshot tells before `begin`. */
const NO_SOURCES: MetricsSources = {
  engine: '',
  socket: '',
  phase: () => 'starting',
  queue: () => ({ length: 0, capacity: 0 }),
  accessLogDropped: () => 0,
}

const BOUNDS_SECONDS = [...BOUNDS_MS.map((boundMs) => boundMs / 1000), Infinity]

interface RouteCounts {
  readonly name: string
  errors: number
  readonly latency: LatencySummary
}

/** Metrics as plain counters in memory. */
export class CountingMetrics implements Metrics {
  private readonly startedMs: number
  private sources = NO_SOURCES
  private routes = [countsOf('<unmatched>')]
  private accepted = 0
  private rejected = 0
  private closed = 0
  private octetsIn = 0
  private octetsOut = 0
  private begun = 0
  private ended = 0
  /** By the first digit of the status; the first is for no status at all. */
  private readonly statusClasses = [0, 0, 0, 0, 0, 0]
  private readonly outcomes = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as Record<Outcome, number>
  private readonly rejections = new Map<string, number>()

  constructor(
    private readonly clock: Clock,
    private readonly eventLoopDelay: () => EventLoopDelayMs,
  ) {
    this.startedMs = clock.now()
  }

  begin(routes: readonly string[], sources: MetricsSources): void {
    this.routes = routes.map(countsOf)
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

  received(octets: number): void {
    this.octetsIn += octets
  }

  sent(octets: number): void {
    this.octetsOut += octets
  }

  requestBegun(): void {
    this.begun++
  }

  requestEnded(exchange: Exchange): void {
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

  snapshot(): MetricsSnapshot {
    const { sources } = this
    return {
      engine: sources.engine,
      socket: sources.socket,
      phase: sources.phase(),
      uptimeSeconds: rounded((this.clock.now() - this.startedMs) / 1000),
      connections: this.connections(),
      requests: this.requests(),
      routes: this.routes.map(routeMetrics),
      octets: { in: this.octetsIn, out: this.octetsOut },
      queue: sources.queue(),
      rejections: Object.fromEntries(this.rejections),
      accessLogDropped: sources.accessLogDropped(),
      process: this.process(),
    }
  }

  private get inFlight(): number {
    return this.begun - this.ended
  }

  private connections(): MetricsSnapshot['connections'] {
    const active = this.accepted - this.closed
    // A request may outlive its connection for a moment.
    const idle = Math.max(0, active - this.inFlight)
    return { active, idle, accepted: this.accepted, rejected: this.rejected }
  }

  private requests(): MetricsSnapshot['requests'] {
    const [, ...classes] = this.statusClasses
    const byStatusClass = Object.fromEntries(classes.map((count, at) => [`${at + 1}xx`, count]))
    const { completed: _, ...byErrorClass } = this.outcomes
    return { total: this.begun, inFlight: this.inFlight, byStatusClass, byErrorClass }
  }

  private process(): MetricsSnapshot['process'] {
    const { rss, heapUsed } = process.memoryUsage()
    return { rssBytes: rss, heapBytes: heapUsed, eventLoopDelayMs: this.eventLoopDelay() }
  }
}

function countsOf(name: string): RouteCounts {
  return { name, errors: 0, latency: new LatencySummary() }
}

function routeMetrics({ name, errors, latency }: RouteCounts): RouteMetrics {
  const counts = latency.cumulativeCounts()
  return {
    route: name,
    requests: latency.count,
    errors,
    latencyMs: latencyMsOf(latency),
    buckets: BOUNDS_SECONDS.map((leSeconds, at) => ({ leSeconds, count: counts[at]! })),
    sumSeconds: latency.sumMs / 1000,
  }
}

function latencyMsOf(latency: LatencySummary): LatencyMs {
  return {
    p50: rounded(latency.quantileMs(0.5)),
    p95: rounded(latency.quantileMs(0.95)),
    p99: rounded(latency.quantileMs(0.99)),
    max: rounded(latency.maxMs),
  }
}

/** To three decimals: more is noise. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
