/** The events of the dashboard: rates and percentiles between two snapshots of the metrics, about a second apart. */
import type { MetricsSnapshot } from 'portico/plugin'

type RouteMetrics = MetricsSnapshot['routes'][number]
type Bucket = RouteMetrics['buckets'][number]

/** In milliseconds; `null` when no request was answered. */
interface Percentiles {
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
}

/** The data of one event: gauges as in the last snapshot, and rates since the one before. */
export interface Tick extends Pick<
  MetricsSnapshot,
  'engine' | 'socket' | 'phase' | 'uptimeSeconds' | 'connections' | 'queue' | 'threads' | 'process'
> {
  readonly inFlight: number
  readonly workers: { readonly configured: number; readonly ready: number }
  readonly rejections: number
  /** Per second. */
  readonly rates: {
    readonly requests: number
    readonly accepted: number
    readonly bytesIn: number
    readonly bytesOut: number
    /** Keys `1xx` to `5xx`. */
    readonly byStatusClass: Readonly<Record<string, number>>
  }
  readonly latencyMs: Percentiles
  readonly routes: readonly RouteTick[]
}

interface RouteTick {
  readonly route: string
  /** Since the start. */
  readonly requests: number
  readonly errors: number
  readonly perSecond: number
  /** Between the two snapshots. */
  readonly latencyMs: Percentiles
  /** Since the start. */
  readonly maxMs: number
}

const MS_PER_SECOND = 1000

/**
 * Computes the event for two snapshots.
 *
 * @param before an earlier snapshot; if a counter is lower now, because a process was restarted, its rate is 0
 */
export function tickOf(before: MetricsSnapshot, now: MetricsSnapshot): Tick {
  const { engine, socket, phase, uptimeSeconds, connections, queue, threads, workers } = now
  const seconds = Math.max(uptimeSeconds - before.uptimeSeconds, 0)
  const perSecond = (from: number, to: number): number => (seconds === 0 ? 0 : Math.max(to - from, 0) / seconds)
  const classes = Object.entries(now.requests.byStatusClass)
  const earlier = new Map(before.routes.map((route) => [route.route, route]))
  return {
    ...{ engine, socket, phase, uptimeSeconds, connections, queue, threads, process: now.process },
    inFlight: now.requests.inFlight,
    workers: { configured: workers.configured, ready: workers.ready },
    rejections: Object.values(now.rejections).reduce((sum, count) => sum + count, 0),
    rates: {
      requests: perSecond(before.requests.total, now.requests.total),
      accepted: perSecond(before.connections.accepted, now.connections.accepted),
      bytesIn: perSecond(before.bytes.in, now.bytes.in),
      bytesOut: perSecond(before.bytes.out, now.bytes.out),
      byStatusClass: Object.fromEntries(
        classes.map(([name, count]) => [name, perSecond(before.requests.byStatusClass[name] ?? 0, count)]),
      ),
    },
    latencyMs: percentilesOf(allBuckets(before), allBuckets(now)),
    routes: now.routes.map((route) => routeTick(earlier.get(route.route), route, perSecond)),
  }
}

function routeTick(
  before: RouteMetrics | undefined,
  { route, requests, errors, buckets, latencyMs }: RouteMetrics,
  perSecond: (from: number, to: number) => number,
): RouteTick {
  return {
    ...{ route, requests, errors },
    perSecond: perSecond(before?.requests ?? 0, requests),
    latencyMs: percentilesOf(before?.buckets ?? [], buckets),
    maxMs: latencyMs.max,
  }
}

/** Adds up the buckets of all routes. All routes have the same bounds. */
function allBuckets({ routes }: MetricsSnapshot): Bucket[] {
  const [first, ...others] = routes.map(({ buckets }) => buckets)
  return (first ?? []).map(({ leSeconds, count }, at) => ({
    leSeconds,
    count: others.reduce((sum, buckets) => sum + (buckets[at]?.count ?? 0), count),
  }))
}

function percentilesOf(before: readonly Bucket[], now: readonly Bucket[]): Percentiles {
  const between = now.map(({ leSeconds, count }, at) => ({ leSeconds, count: count - (before[at]?.count ?? 0) }))
  return { p50: quantileMs(between, 0.5), p95: quantileMs(between, 0.95), p99: quantileMs(between, 0.99) }
}

/**
 * Returns a quantile of the durations. Within a bucket it interpolates linearly, like Prometheus' `histogram_quantile`; for
 * the last bucket, which is infinite, it returns the lower bound.
 */
function quantileMs(buckets: readonly Bucket[], share: number): number | null {
  const total = buckets.at(-1)?.count ?? 0
  if (total <= 0) return null
  const rank = share * total
  const at = buckets.findIndex(({ count }) => count >= rank)
  const [lower, upper] = [buckets[at - 1], buckets[at]!]
  const from = lower?.leSeconds ?? 0
  if (upper.leSeconds === Infinity) return from * MS_PER_SECOND
  const inside = upper.count - (lower?.count ?? 0)
  const part = inside === 0 ? 1 : (rank - (lower?.count ?? 0)) / inside
  return (from + (upper.leSeconds - from) * part) * MS_PER_SECOND
}
