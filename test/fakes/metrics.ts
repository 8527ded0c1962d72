import { processSnapshot } from '../../src/app/server/merged-metrics.js'
import { LatencySummary } from '../../src/domain/metrics/latency-summary.js'
import { OUTCOMES } from '../../src/domain/lifecycle/outcome.js'
import type { ExchangeRecord } from '../../src/ports/serving/access-log.js'
import type {
  HandshakeOutcome,
  Metrics,
  MetricsCounters,
  MetricsCounts,
  MetricsSources,
  ProcessSnapshot,
  RouteCounters,
} from '../../src/ports/operations/metrics.js'
import { copyOf } from './exchange.js'

const HANDSHAKE_OUTCOMES: readonly HandshakeOutcome[] = [
  'full',
  'resumed',
  'client-refused',
  'timed-out',
  'failed',
  'aborted',
  'no-room',
  'plain',
]

/** Metrics that record every call and count when they are read: slow, but obviously correct. */
export class RecordingMetrics implements Metrics {
  readonly calls: string[] = []
  readonly ended: ExchangeRecord[] = []
  readonly rules: string[] = []
  readonly handshakes: HandshakeOutcome[] = []
  bytesIn = 0
  bytesOut = 0
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

  handshakeEnded(outcome: HandshakeOutcome): void {
    this.handshakes.push(outcome)
  }

  received(octets: number): void {
    this.bytesIn += octets
  }

  sent(octets: number): void {
    this.bytesOut += octets
  }

  requestBegun(): void {
    this.calls.push('requestBegun')
  }

  requestEnded(exchange: ExchangeRecord): void {
    this.ended.push(copyOf(exchange))
  }

  refused(rule: string): void {
    this.rules.push(rule)
  }

  /** The snapshot of the counts. */
  snapshot(): ProcessSnapshot {
    const { counters, gauges } = this.counts()
    return processSnapshot(counters, gauges)
  }

  counts(): MetricsCounts {
    const accepted = this.count('connectionAccepted')
    const active = accepted - this.count('connectionClosed')
    const total = this.count('requestBegun')
    const inFlight = total - this.ended.length
    const { lost, ...threads } = this.sources?.threads() ?? { lost: { stuck: 0, exited: 0, threw: 0, memory: 0 } }
    return {
      counters: {
        connections: { accepted, rejected: this.count('connectionRejected') },
        requests: { total, byStatusClass: this.byStatusClass(), byErrorClass: this.byErrorClass() },
        routes: this.routes.map((route, index) => this.route(route, index)),
        bytes: { in: this.bytesIn, out: this.bytesOut },
        rejections: Object.fromEntries(
          this.rules.map((rule) => [rule, this.rules.filter((each) => each === rule).length]),
        ),
        accessLogDropped: this.sources?.accessLogDropped() ?? 0,
        threadsLost: lost,
        handshakes: this.handshakeCounts(),
      },
      gauges: {
        engine: this.sources?.engine ?? '',
        socket: this.sources?.socket ?? '',
        phase: this.sources?.phase() ?? 'starting',
        uptimeSeconds: 0,
        connections: { active, idle: Math.max(0, active - inFlight) },
        inFlight,
        queue: this.sources?.queue() ?? { length: 0, capacity: 0 },
        threads: 'ready' in threads ? threads : null,
        tls: this.sources?.tls() ?? null,
        process: { rssBytes: 0, heapBytes: 0, eventLoopDelayMs: { p50: 0, p99: 0, max: 0 } },
      },
    }
  }

  private handshakeCounts(): MetricsCounters['handshakes'] {
    const of = (outcome: HandshakeOutcome): number => this.handshakes.filter((each) => each === outcome).length
    const counts = HANDSHAKE_OUTCOMES.map((outcome) => [outcome, of(outcome)])
    return Object.fromEntries(counts) as MetricsCounters['handshakes']
  }

  private count(call: string): number {
    return this.calls.filter((each) => each === call).length
  }

  private byStatusClass(): Record<string, number> {
    const within = (from: number): number =>
      this.ended.filter(({ status }) => status >= from && status < from + 100).length
    return Object.fromEntries([1, 2, 3, 4, 5].map((digit) => [`${digit}xx`, within(digit * 100)]))
  }

  private byErrorClass(): MetricsCounters['requests']['byErrorClass'] {
    const errors = OUTCOMES.filter((outcome) => outcome !== 'completed')
    const counts = errors.map((outcome) => [outcome, this.ended.filter((each) => each.outcome === outcome).length])
    return Object.fromEntries(counts) as MetricsCounters['requests']['byErrorClass']
  }

  private route(route: string, index: number): RouteCounters {
    const exchanges = this.ended.filter((each) => each.route === index)
    const latency = new LatencySummary()
    for (const { durationMs } of exchanges) latency.record(durationMs)
    const errors = exchanges.filter(({ status }) => status === 0 || status >= 500).length
    return { route, errors, latency: latency.toCounts() }
  }
}
