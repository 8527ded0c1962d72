import { OUTCOMES } from '../../src/domain/service/outcome.js'
import type { Exchange } from '../../src/ports/access-log.js'
import type { Metrics, MetricsSnapshot, MetricsSources, RouteMetrics } from '../../src/ports/metrics.js'
import { copyOf } from './exchange.js'

const BOUNDS_SECONDS = [0.001, 0.01, 0.1, 1, Infinity]

/** Metrics that keep every call and count when they are asked: slow, and plainly right. */
export class RecordingMetrics implements Metrics {
  readonly calls: string[] = []
  readonly ended: Exchange[] = []
  readonly rules: string[] = []
  octetsIn = 0
  octetsOut = 0
  private routes: readonly string[] = ['<unmatched>']
  private sources: MetricsSources | null = null

  begin(routes: readonly string[], sources: MetricsSources): void {
    this.routes = routes
    this.sources = sources
  }

  connectionAccepted(): void {
    this.calls.push('connectionAccepted')
  }

  connectionRejected(): void {
    this.calls.push('connectionRejected')
  }

  connectionClosed(): void {
    this.calls.push('connectionClosed')
  }

  received(octets: number): void {
    this.octetsIn += octets
  }

  sent(octets: number): void {
    this.octetsOut += octets
  }

  requestBegun(): void {
    this.calls.push('requestBegun')
  }

  requestEnded(exchange: Exchange): void {
    this.ended.push(copyOf(exchange))
  }

  refused(rule: string): void {
    this.rules.push(rule)
  }

  snapshot(): MetricsSnapshot {
    const accepted = this.count('connectionAccepted')
    const active = accepted - this.count('connectionClosed')
    const total = this.count('requestBegun')
    const inFlight = total - this.ended.length
    return {
      engine: this.sources?.engine ?? '',
      socket: this.sources?.socket ?? '',
      phase: this.sources?.phase() ?? 'starting',
      uptimeSeconds: 0,
      connections: {
        active,
        idle: Math.max(0, active - inFlight),
        accepted,
        rejected: this.count('connectionRejected'),
      },
      requests: { total, inFlight, byStatusClass: this.byStatusClass(), byErrorClass: this.byErrorClass() },
      routes: this.routes.map((route, index) =>
        routeMetrics(
          route,
          this.ended.filter((each) => each.route === index),
        ),
      ),
      octets: { in: this.octetsIn, out: this.octetsOut },
      queue: this.sources?.queue() ?? { length: 0, capacity: 0 },
      rejections: Object.fromEntries(
        this.rules.map((rule) => [rule, this.rules.filter((each) => each === rule).length]),
      ),
      accessLogDropped: this.sources?.accessLogDropped() ?? 0,
      process: { rssBytes: 0, heapBytes: 0, eventLoopDelayMs: { p50: 0, p99: 0, max: 0 } },
    }
  }

  private count(call: string): number {
    return this.calls.filter((each) => each === call).length
  }

  private byStatusClass(): Record<string, number> {
    const within = (from: number): number =>
      this.ended.filter(({ status }) => status >= from && status < from + 100).length
    return Object.fromEntries([1, 2, 3, 4, 5].map((digit) => [`${digit}xx`, within(digit * 100)]))
  }

  private byErrorClass(): MetricsSnapshot['requests']['byErrorClass'] {
    const errors = OUTCOMES.filter((outcome) => outcome !== 'completed')
    const counts = errors.map((outcome) => [outcome, this.ended.filter((each) => each.outcome === outcome).length])
    return Object.fromEntries(counts) as MetricsSnapshot['requests']['byErrorClass']
  }
}

function routeMetrics(route: string, exchanges: readonly Exchange[]): RouteMetrics {
  const durations = exchanges.map(({ durationMs }) => durationMs).sort((a, b) => a - b)
  const quantile = (share: number): number => durations[Math.ceil(share * durations.length) - 1] ?? 0
  return {
    route,
    requests: exchanges.length,
    errors: exchanges.filter(({ status }) => status === 0 || status >= 500).length,
    latencyMs: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max: quantile(1) },
    buckets: BOUNDS_SECONDS.map((leSeconds) => ({
      leSeconds,
      count: durations.filter((durationMs) => durationMs / 1000 <= leSeconds).length,
    })),
    sumSeconds: durations.reduce((sum, durationMs) => sum + durationMs / 1000, 0),
  }
}
