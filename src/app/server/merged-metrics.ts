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
 * Merges the counts of several processes into those of the service. Counters are added. A gauge is added where it counts
 * things; of a gauge that describes a state, the value that says most about the service is used.
 */

const PHASES: readonly Phase[] = ['starting', 'running', 'notice', 'draining', 'stopped']

const BOUNDS_SECONDS = [...BOUNDS_MS.map((boundMs) => boundMs / 1000), Infinity]

type Numbers = Readonly<Record<string, number>>

/** Adds the counters of at least one process, including processes that have ended. */
export function summedCounters(all: readonly MetricsCounters[]): MetricsCounters {
  return {
    connections: summed(all.map(({ connections }) => connections)),
    requests: {
      total: sum(all.map(({ requests }) => requests.total)),
      byStatusClass: summed(all.map(({ requests }) => requests.byStatusClass)),
      byErrorClass: summed(all.map(({ requests }) => requests.byErrorClass)),
    },
    routes: summedRoutes(all.flatMap(({ routes }) => routes)),
    bytes: summed(all.map(({ bytes }) => bytes)),
    rejections: summed(all.map(({ rejections }) => rejections)),
    accessLogDropped: sum(all.map(({ accessLogDropped }) => accessLogDropped)),
    threadsLost: summed(all.map(({ threadsLost }) => threadsLost)),
    handshakes: summed(all.map(({ handshakes }) => handshakes)),
  }
}

/** Merges the gauges of at least one process. During a reload that changes the engine, the last process names the engine. */
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

/** Makes a snapshot of counters and gauges, either those of one process or the merged ones. */
export function processSnapshot(counters: MetricsCounters, gauges: MetricsGauges): ProcessSnapshot {
  const { engine, socket, phase, uptimeSeconds, inFlight, queue, threads, tls, process } = gauges
  const { requests, routes, bytes, rejections, accessLogDropped, threadsLost, handshakes } = counters
  return {
    engine,
    socket,
    phase,
    uptimeSeconds,
    connections: { ...gauges.connections, ...counters.connections },
    requests: { ...requests, inFlight },
    routes: routes.map(routeMetrics),
    bytes,
    queue,
    threads: threads === null ? null : { ...threads, lost: threadsLost },
    tls: tls === null ? null : { handshakes, ...tls },
    rejections,
    accessLogDropped,
    process,
  }
}

/** A service runs while any process runs. Otherwise its phase is the latest phase of any process. */
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

/** Uses the shortest time to expiry: during a renewal some processes still serve the old certificate. */
function mergedTls(all: readonly Omit<TlsMetrics, 'handshakes'>[]): MetricsGauges['tls'] {
  if (all.length === 0) return null
  const soonest = new Map<string, number>()
  for (const { certificate, expiresInSeconds } of all.flatMap(({ certificates }) => certificates)) {
    soonest.set(certificate, Math.min(soonest.get(certificate) ?? Infinity, expiresInSeconds))
  }
  const certificates = [...soonest].map(([certificate, expiresInSeconds]) => ({ certificate, expiresInSeconds }))
  return { inFlight: sum(all.map(({ inFlight }) => inFlight)), certificates }
}

/** Adds the memory; uses the longest delay, because some client waits for it. */
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

/** Adds records key by key. A missing key counts as 0. */
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

/** Rounds to three decimals; more would be noise. */
function rounded(value: number): number {
  return Math.round(value * 1000) / 1000
}
