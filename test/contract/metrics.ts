import { assert } from 'chai'
import { describe, it } from 'mocha'
import { processSnapshot } from '../../src/app/server/merged-metrics.js'
import { OUTCOMES } from '../../src/domain/lifecycle/outcome.js'
import type { Metrics, MetricsSources, ProcessSnapshot } from '../../src/ports/operations/metrics.js'
import { exchangeOf } from '../fakes/exchange.js'

const threads = { configured: 4, ready: 3, inFlight: 7, lost: { stuck: 1, exited: 2, threw: 3, memory: 4 } }

const tls = { inFlight: 3, certificates: [{ certificate: 'a.test ec', expiresInSeconds: 60 }] }

const sources: MetricsSources = {
  engine: 'selectors',
  socket: 'net',
  phase: () => 'running',
  queue: () => ({ length: 2, capacity: 8 }),
  threads: () => threads,
  tls: () => tls,
  accessLogDropped: () => 5,
}

/** The snapshot of the counts, which is all that they are kept for. */
function snapshotOf(metrics: Metrics): ProcessSnapshot {
  const { counters, gauges } = metrics.counts()
  return processSnapshot(counters, gauges)
}

export function metricsContract(create: () => Metrics): void {
  const begun = (): Metrics => {
    const metrics = create()
    metrics.begin(['<unmatched>', 'GET /', 'GET /users/:id'], sources)
    return metrics
  }

  it('reports the values of its sources', () => {
    const { engine, socket, phase, queue, threads: found, accessLogDropped } = snapshotOf(begun())
    const expected = { engine: 'selectors', socket: 'net', phase: 'running', queue: { length: 2, capacity: 8 } }
    assert.deepEqual({ engine, socket, phase, queue }, expected)
    assert.deepEqual(found, threads)
    assert.equal(accessLogDropped, 5)
  })

  it('can be read before begin()', () => {
    const { phase, requests, routes, threads: none } = snapshotOf(create())
    assert.equal(phase, 'starting')
    assert.isNull(none)
    assert.equal(requests.total, 0)
    assert.deepEqual(
      routes.map(({ route }) => route),
      ['<unmatched>'],
    )
  })

  it('counts connections; those without a request in flight are idle', () => {
    const metrics = begun()
    for (let i = 0; i < 3; i++) metrics.connectionAccepted()
    metrics.connectionRejected()
    metrics.requestBegun()
    assert.deepEqual(snapshotOf(metrics).connections, { active: 3, idle: 2, accepted: 3, rejected: 1 })
    for (let i = 0; i < 3; i++) metrics.connectionClosed()
    assert.deepEqual(snapshotOf(metrics).connections, { active: 0, idle: 0, accepted: 3, rejected: 1 })
  })

  it('counts bytes in both directions', () => {
    const metrics = begun()
    for (const octets of [10, 20]) metrics.received(octets)
    for (const octets of [1, 2]) metrics.sent(octets)
    assert.deepEqual(snapshotOf(metrics).bytes, { in: 30, out: 3 })
  })

  it('counts requests when they begin, and responses by status class', () => {
    const metrics = begun()
    for (let i = 0; i < 6; i++) metrics.requestBegun()
    for (const status of [200, 206, 404, 500, 0]) metrics.requestEnded(exchangeOf({ status }))
    const { total, inFlight, byStatusClass } = snapshotOf(metrics).requests
    assert.deepEqual({ total, inFlight }, { total: 6, inFlight: 1 })
    assert.deepEqual(byStatusClass, { '1xx': 0, '2xx': 2, '3xx': 0, '4xx': 1, '5xx': 1 })
  })

  it('counts every outcome except completed', () => {
    const metrics = begun()
    for (const outcome of [...OUTCOMES, 'aborted'] as const) metrics.requestEnded(exchangeOf({ outcome }))
    const expected = { refused: 1, failed: 1, 'timed-out': 1, rejected: 1, aborted: 2, cut: 1 }
    assert.deepEqual(snapshotOf(metrics).requests.byErrorClass, expected)
  })

  it('counts refusals by rule', () => {
    const metrics = begun()
    for (const rule of ['bare-lf', 'target-length', 'bare-lf']) metrics.refused(rule)
    assert.deepEqual(snapshotOf(metrics).rejections, { 'bare-lf': 2, 'target-length': 1 })
  })

  describe('of each route', () => {
    it('counts requests, and as errors those with a 5xx response or none', () => {
      const metrics = begun()
      for (const status of [200, 404, 500, 503, 0]) metrics.requestEnded(exchangeOf({ route: 2, status }))
      metrics.requestEnded(exchangeOf({ route: 0, status: 404 }))
      assert.deepEqual(
        snapshotOf(metrics).routes.map(({ route, requests, errors }) => [route, requests, errors]),
        [
          ['<unmatched>', 1, 0],
          ['GET /', 0, 0],
          ['GET /users/:id', 5, 3],
        ],
      )
    })

    it('summarizes durations', () => {
      const metrics = begun()
      for (let durationMs = 1; durationMs <= 100; durationMs++)
        metrics.requestEnded(exchangeOf({ route: 1, durationMs }))
      const { latencyMs, buckets, sumSeconds } = snapshotOf(metrics).routes[1]!
      assert.closeTo(latencyMs.p50, 50, 1.5)
      assert.closeTo(latencyMs.p95, 95, 3)
      assert.closeTo(latencyMs.p99, 99, 3)
      assert.equal(latencyMs.max, 100)
      assert.closeTo(sumSeconds, 5.05, 1e-9)
      for (const { leSeconds, count } of buckets)
        assert.equal(count, Math.min(100, Math.floor(leSeconds * 1000 + 1e-9)))
      assert.equal(buckets.at(-1)?.leSeconds, Infinity)
    })

    it('is all zeros before the first request', () => {
      const { latencyMs, sumSeconds } = snapshotOf(begun()).routes[1]!
      assert.deepEqual({ latencyMs, sumSeconds }, { latencyMs: { p50: 0, p95: 0, p99: 0, max: 0 }, sumSeconds: 0 })
    })
  })

  it('is the same after a transfer to another process as JSON', () => {
    const metrics = begun()
    metrics.requestBegun()
    metrics.requestEnded(exchangeOf({ route: 2 }))
    metrics.refused('bare-lf')
    const counts = metrics.counts()
    assert.deepEqual(JSON.parse(JSON.stringify(counts)), counts)
  })

  it('is not changed by reading it', () => {
    const metrics = begun()
    metrics.requestBegun()
    metrics.requestEnded(exchangeOf())
    const { process: _, ...first } = snapshotOf(metrics)
    const { process: __, ...second } = snapshotOf(metrics)
    assert.deepEqual(second, first)
  })
}
