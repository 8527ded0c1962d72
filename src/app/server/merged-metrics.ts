import type { Phase } from '../../domain/lifecycle/drain.js'
import { BOUNDS_MS, type LatencyCounts, LatencySummary } from '../../domain/metrics/latency-summary.js'
import type {
  LatencyMs,
  MetricsCounters,
  MetricsGauges,
  ProcessSnapshot,
  RouteCounters,
  RouteMetrics,
  TlsMetrics,
} from '../../ports/operations/metrics.js'

/**
 * How the counts of several processes become those of a service: counters add up, gauges add up where they count
 * things, and where they tell of a state, the one that says most about the whole stands for all.
 */

const PHASES: readonly Phase[] = ['starting', 'running', 'notice', 'draining', 'stopped']

const BOUNDS_SECONDS = [...BOUNDS_MS.map((boundMs) => boundMs / 1000), Infinity]

type Numbers = Readonly<Record<string, number>>

/** @param all at least one, whether its process is still there or not */
export function summedCounters(all: readonly MetricsCounters[]): MetricsCounters {
  return {
    connections: summed(all.map(({ connections }) => connections)),
    requests: {
      total: sum(all.map(({ requests }) => requests.total)),
      byStatusClass: summed(all.map(({ requests }) => requests.byStatusClass)),
      byErrorClass: summed(all.map(({ requests }) => requests.byErrorClass)),
    },
    routes: summedRoutes(all.flatMap(({ routes }) => routes)),
    bytes: summed(all.map(({ bytes: octets }) => octets)),
    rejections: summed(all.map(({ rejections }) => rejections)),
    accessLogDropped: sum(all.map(({ accessLogDropped }) => accessLogDropped)),
    threadsLost: summed(all.map(({ threadsLost }) => threadsLost)),
    handshakes: summed(all.map(({ handshakes }) => handshakes)),
  }
}

/** @param all at least one; where a reload has begun to change the engine, the last one names it */
export function mergedGauges(all: readonly MetricsGauges[]): MetricsGauges {
  const { engine, socket } = all.at(-1)!
  return {
    engine,
    socket,
    phase: mergedPhase(all.map(({ phase }) => phase)),
    uptimeSeconds: Math.max(...all.map(({ uptimeSeconds }) => uptimeSeconds)),
    connections: summed(all.map(({ connections }) => connections)),
    inFlight: sum(all.map(({ inFlight }) => inFlight)),
    queue: summed(all.map(({ queue }) => queue)),
    threads: summedThreads(all.flatMap(({ threads }) => threads ?? [])),
    tls: mergedTls(all.flatMap(({ tls }) => tls ?? [])),
    process: mergedProcess(all.map((each) => each.process)),
  }
}

/** What counters and gauges come to, be they of one process or of all. */
export function processSnapshot(counters: MetricsCounters, gauges: MetricsGauges): ProcessSnapshot {
  const { engine, socket, phase, uptimeSeconds, inFlight, queue, threads, tls, process } = gauges
  const { requests, routes, bytes: octets, rejections, accessLogDropped, threadsLost, handshakes } = counters
  return {
    engine,
    socket,
    phase,
    uptimeSeconds,
    connections: { ...gauges.connections, ...counters.connections },
    requests: { ...requests, inFlight },
    routes: routes.map(routeMetrics),
    bytes: octets,
    queue,
    threads: threads === null ? null : { ...threads, lost: threadsLost },
    tls: tls === null ? null : { handshakes, ...tls },
    rejections,
    accessLogDropped,
    process,
  }
}

/** A service runs while one of its processes does; else it is as far as the most advanced. */
function mergedPhase(phases: readonly Phase[]): Phase {
  return phases.includes('running') ? 'running' : PHASES.findLast((phase) => phases.includes(phase))!
}

function summedRoutes(all: readonly RouteCounters[]): RouteCounters[] {
  const names = [...new Set(all.map(({ route }) => route))]
  return names.map((name) => {
    const counters = all.filter(({ route }) => route === name)
    const latency = latencyOf(counters.map((each) => each.latency)).toCounts()
    return { route: name, errors: sum(counters.map(({ errors }) => errors)), latency }
  })
}

function summedThreads(all: readonly NonNullable<MetricsGauges['threads']>[]): MetricsGauges['threads'] {
  return all.length === 0 ? null : summed(all)
}

/** Of a certificate that some have renewed and others not yet, the shorter time tells what is at stake. */
function mergedTls(all: readonly Omit<TlsMetrics, 'handshakes'>[]): MetricsGauges['tls'] {
  if (all.length === 0) return null
  const left = new Map<string, number>()
  for (const { certificate, expiresInSeconds } of all.flatMap(({ certificates }) => certificates)) {
    left.set(certificate, Math.min(left.get(certificate) ?? Infinity, expiresInSeconds))
  }
  const certificates = [...left].map(([certificate, expiresInSeconds]) => ({ certificate, expiresInSeconds }))
  return { inFlight: sum(all.map(({ inFlight }) => inFlight)), certificates }
}

/** Memory adds up; of the delays the worst is the one that somebody waits for. */
function mergedProcess(all: readonly MetricsGauges['process'][]): MetricsGauges['process'] {
  const delays = all.map(({ eventLoopDelayMs }) => eventLoopDelayMs)
  return {
    rssBytes: sum(all.map(({ rssBytes }) => rssBytes)),
    heapBytes: sum(all.map(({ heapBytes }) => heapBytes)),
    eventLoopDelayMs: {
      p50: Math.max(...delays.map(({ p50 }) => p50)),
      p99: Math.max(...delays.map(({ p99 }) => p99)),
      max: Math.max(...delays.map(({ max }) => max)),
    },
  }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, each) => total + each, 0)
}

/** Key by key; a key that only some have counts as 0 for the others. */
function summed<T extends Numbers>(all: readonly T[]): T {
  const totals: Record<string, number> = {}
  for (const each of all) {
    for (const [key, value] of Object.entries(each)) totals[key] = (totals[key] ?? 0) + value
  }
  return totals as T
}

function latencyOf(all: readonly LatencyCounts[]): LatencySummary {
  const latency = new LatencySummary()
  for (const each of all) latency.add(each)
  return latency
}

function routeMetrics({ route, errors, latency }: RouteCounters): RouteMetrics {
  const summary = latencyOf([latency])
  const counts = summary.cumulativeCounts()
  return {
    route,
    requests: summary.count,
    errors,
    latencyMs: latencyMs(summary),
    buckets: BOUNDS_SECONDS.map((leSeconds, at) => ({ leSeconds, count: counts[at]! })),
    sumSeconds: summary.sumMs / 1000,
  }
}

function latencyMs(summary: LatencySummary): LatencyMs {
  return {
    p50: rounded(summary.quantileMs(0.5)),
    p95: rounded(summary.quantileMs(0.95)),
    p99: rounded(summary.quantileMs(0.99)),
    max: rounded(summary.maxMs),
  }
}

/** To three decimals: more is noise. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
