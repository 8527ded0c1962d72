import { assert } from 'chai'
import { describe, it } from 'mocha'
import { tickOf } from '../../../plugins/dashboard/tick.js'
import type { MetricsSnapshot, RouteMetrics } from '../../../src/ports/operations/metrics.js'

const BOUNDS = [0.001, 0.01, 0.1, Infinity]

/** @param counts number of durations in each bucket, not cumulative */
function routeOf(route: string, counts: readonly number[], errors = 0): RouteMetrics {
  let below = 0
  const buckets = BOUNDS.map((leSeconds, at) => ({ leSeconds, count: (below += counts[at]!) }))
  return { route, requests: below, errors, latencyMs: { p50: 1, p95: 2, p99: 3, max: 99 }, buckets, sumSeconds: 1 }
}

function snapshotOf(changed: Partial<MetricsSnapshot>): MetricsSnapshot {
  return {
    engine: 'selectors',
    socket: 'epoll',
    phase: 'running',
    uptimeSeconds: 10,
    connections: { active: 0, idle: 0, accepted: 0, rejected: 0 },
    requests: {
      total: 0,
      inFlight: 0,
      byStatusClass: {},
      byErrorClass: { aborted: 0, failed: 0, rejected: 0 } as never,
    },
    routes: [],
    bytes: { in: 0, out: 0 },
    queue: { length: 0, capacity: 0 },
    threads: null,
    tls: null,
    workers: {
      configured: 1,
      ready: 1,
      lost: { died: 0, unresponsive: 0 },
      reloads: { done: 0, refused: 0 },
      renewals: { done: 0, refused: 0 },
    },
    rejections: {},
    accessLogDropped: 0,
    process: { rssBytes: 1, heapBytes: 1, eventLoopDelayMs: { p50: 1, p99: 1, max: 1 } },
    ...changed,
  }
}

const requests = (total: number, byStatusClass: Readonly<Record<string, number>> = {}): Partial<MetricsSnapshot> => ({
  requests: { ...snapshotOf({}).requests, total, byStatusClass },
})

describe('tickOf()', () => {
  it('has rates per second between the two snapshots', () => {
    const before = snapshotOf({ ...requests(100, { '2xx': 90 }), bytes: { in: 1000, out: 0 } })
    const now = snapshotOf({
      ...requests(120, { '2xx': 100, '5xx': 4 }),
      bytes: { in: 5000, out: 8 },
      uptimeSeconds: 12,
    })
    assert.deepEqual(tickOf(before, now).rates, {
      requests: 10,
      accepted: 0,
      bytesIn: 2000,
      bytesOut: 4,
      byStatusClass: { '2xx': 5, '5xx': 2 },
    })
  })

  it('has a rate of 0 when no time has passed', () => {
    const look = snapshotOf(requests(100))
    assert.equal(tickOf(look, look).rates.requests, 0)
  })

  it('has no negative rate, even if the counts of a dead worker are missing', () => {
    assert.equal(
      tickOf(snapshotOf(requests(100)), snapshotOf({ ...requests(40), uptimeSeconds: 11 })).rates.requests,
      0,
    )
  })

  it('adds up the refusals of all rules', () => {
    assert.equal(tickOf(snapshotOf({}), snapshotOf({ rejections: { host: 2, timeout: 3 } })).rejections, 5)
  })

  const percentiles: [what: string, before: number[], now: number[], p50: number | null, p99: number | null][] = [
    ['null without any duration', [0, 0, 0, 0], [0, 0, 0, 0], null, null],
    ['null when no duration was added', [5, 5, 0, 0], [5, 5, 0, 0], null, null],
    ['linear within the first bucket', [0, 0, 0, 0], [100, 0, 0, 0], 0.5, 0.99],
    ['linear within a later bucket', [0, 0, 0, 0], [0, 100, 0, 0], 5.5, 9.91],
    ['those of the added durations only', [100, 0, 0, 0], [100, 100, 0, 0], 5.5, 9.91],
    ['the largest finite bound for durations above it', [0, 0, 0, 0], [0, 0, 0, 7], 100, 100],
  ]
  for (const [what, before, now, p50, p99] of percentiles) {
    it(`computes percentiles: ${what}`, () => {
      const look = (counts: readonly number[]): MetricsSnapshot => snapshotOf({ routes: [routeOf('/', counts)] })
      const { latencyMs, routes } = tickOf(look(before), look(now))
      assert.deepEqual(routes[0]!.latencyMs, latencyMs)
      const close = (found: number | null, wanted: number | null): void => {
        if (found === null || wanted === null) assert.equal(found, wanted)
        else assert.closeTo(found, wanted, 1e-9)
      }
      close(latencyMs.p50, p50)
      close(latencyMs.p99, p99)
    })
  }

  it('computes percentiles of all routes together', () => {
    const routes = [routeOf('/fast', [100, 0, 0, 0]), routeOf('/slow', [0, 0, 100, 0])]
    const { latencyMs } = tickOf(snapshotOf({}), snapshotOf({ routes }))
    assert.closeTo(latencyMs.p50!, 1, 1e-9)
    assert.isAbove(latencyMs.p95!, 10)
  })

  it('has the totals of a route since the start, and its rate', () => {
    const before = snapshotOf({ routes: [routeOf('/', [10, 0, 0, 0])] })
    const now = snapshotOf({
      routes: [routeOf('/', [30, 0, 0, 0], 2), routeOf('/new', [5, 0, 0, 0])],
      uptimeSeconds: 11,
    })
    const told = tickOf(before, now).routes.map(({ route, requests, errors, perSecond, maxMs }) => [
      ...[route, requests, errors, perSecond, maxMs],
    ])
    assert.deepEqual(told, [
      ['/', 30, 2, 20, 99],
      ['/new', 5, 0, 5, 99],
    ])
  })
})
