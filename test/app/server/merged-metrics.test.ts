import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { CountingMetrics } from '../../../src/adapters/metrics/counting-metrics.js'
import { mergedGauges, processSnapshot, summedCounters } from '../../../src/app/server/merged-metrics.js'
import type { Phase } from '../../../src/domain/lifecycle/drain.js'
import { OUTCOMES } from '../../../src/domain/lifecycle/outcome.js'
import type { Metrics, MetricsCounters, MetricsGauges, ThreadsMetrics } from '../../../src/ports/operations/metrics.js'
import { exchangeOf } from '../../fakes/exchange.js'
import { FakeClock } from '../../fakes/fake-clock.js'

const ROUTES = ['<unmatched>', 'GET /', 'GET /users/:id']

function counting(routes = ROUTES, threads: ThreadsMetrics | null = null): CountingMetrics {
  const metrics = new CountingMetrics(
    new FakeClock(),
    () => 0,
    () => ({ p50: 0, p99: 0, max: 0 }),
  )
  metrics.begin(routes, {
    engine: 'threadpool',
    socket: 'net',
    phase: () => 'running',
    queue: () => ({ length: 0, capacity: 0 }),
    threads: () => threads,
    tls: () => null,
    accessLogDropped: () => 0,
  })
  return metrics
}

const countersOf = (metrics: Metrics): MetricsCounters => metrics.counts().counters

/** An event that is counted. Durations are integers, so that no sum depends on the order. */
const event = fc.oneof(
  fc
    .record({
      route: fc.nat(ROUTES.length - 1),
      status: fc.constantFrom(0, 100, 200, 304, 404, 500, 503),
      outcome: fc.constantFrom(...OUTCOMES),
      durationMs: fc.nat(100_000),
    })
    .map((special) => (metrics: Metrics) => {
      metrics.requestBegun()
      metrics.requestEnded(exchangeOf(special))
    }),
  fc.constantFrom('bare-lf', 'target-length').map((rule) => (metrics: Metrics) => metrics.refused(rule)),
  fc.nat(10_000).map((octets) => (metrics: Metrics) => metrics.received(octets)),
  fc.nat(10_000).map((octets) => (metrics: Metrics) => metrics.sent(octets)),
  fc.constant((metrics: Metrics) => metrics.connectionAccepted()),
  fc.constant((metrics: Metrics) => metrics.connectionRejected()),
)

const WORKERS = 3
const events = fc.array(fc.tuple(fc.nat(WORKERS - 1), event))

/** The counts of each worker when each event goes to one of them, and the counts of one worker that gets every event. */
function counted(all: readonly (readonly [worker: number, count: (metrics: Metrics) => void])[]): {
  readonly parts: MetricsCounters[]
  readonly whole: MetricsCounters
} {
  const workers = Array.from({ length: WORKERS }, () => counting())
  const one = counting()
  for (const [worker, count] of all) {
    count(workers[worker]!)
    count(one)
  }
  return { parts: workers.map(countersOf), whole: countersOf(one) }
}

describe('summedCounters()', () => {
  it('equals the counts of one process that served everything', () => {
    fc.assert(
      fc.property(events, (all) => {
        const { parts, whole } = counted(all)
        assert.deepEqual(summedCounters(parts), whole)
      }),
    )
  })

  it('can be applied to sums, so that ended processes can be kept as one sum', () => {
    fc.assert(
      fc.property(events, (all) => {
        const { parts } = counted(all)
        const [first, ...others] = parts
        assert.deepEqual(summedCounters([summedCounters(others), first!]), summedCounters(parts))
      }),
    )
  })

  it('does not change its arguments', () => {
    const metrics = counting()
    metrics.refused('bare-lf')
    metrics.requestEnded(exchangeOf())
    const counters = countersOf(metrics)
    const before = structuredClone(counters)
    summedCounters([counters, counters])
    assert.deepEqual(counters, before)
  })

  it('matches routes by name, whatever their order', () => {
    const one = counting(['<unmatched>', 'GET /old', 'GET /'])
    const other = counting(['<unmatched>', 'GET /', 'GET /new'])
    for (const metrics of [one, other])
      for (const route of [0, 1, 2, 2]) metrics.requestEnded(exchangeOf({ route, status: 500, durationMs: 4 }))
    const { routes } = processSnapshot(summedCounters([countersOf(one), countersOf(other)]), gaugesOf({}))
    assert.deepEqual(
      routes.map(({ route, requests, errors, sumSeconds }) => [route, requests, errors, sumSeconds]),
      [
        ['<unmatched>', 2, 2, 0.008],
        ['GET /old', 1, 1, 0.004],
        ['GET /', 3, 3, 0.012],
        ['GET /new', 2, 2, 0.008],
      ],
    )
  })

  it('adds lost threads and dropped log lines', () => {
    const lost = { stuck: 1, exited: 2, threw: 3, memory: 4 }
    const counters = countersOf(counting(ROUTES, { configured: 2, ready: 2, inFlight: 0, lost }))
    const { threadsLost, accessLogDropped } = summedCounters([counters, { ...counters, accessLogDropped: 7 }])
    assert.deepEqual(threadsLost, { stuck: 2, exited: 4, threw: 6, memory: 8 })
    assert.equal(accessLogDropped, 7)
  })
})

function gaugesOf(special: Partial<MetricsGauges>): MetricsGauges {
  return {
    engine: 'threadpool',
    socket: 'net',
    phase: 'running',
    uptimeSeconds: 10,
    connections: { active: 5, idle: 3 },
    inFlight: 2,
    queue: { length: 1, capacity: 256 },
    threads: { configured: 2, ready: 1, inFlight: 2 },
    tls: null,
    process: { rssBytes: 1000, heapBytes: 100, eventLoopDelayMs: { p50: 1, p99: 20, max: 30 } },
    ...special,
  }
}

describe('mergedGauges()', () => {
  it('does not change the gauges of one process', () => {
    assert.deepEqual(mergedGauges([gaugesOf({})]), gaugesOf({}))
  })

  it('adds counts, and uses the longest uptime and the longest delay', () => {
    const delays = { p50: 2, p99: 10, max: 90 }
    const other = gaugesOf({
      uptimeSeconds: 4,
      process: { rssBytes: 500, heapBytes: 50, eventLoopDelayMs: delays },
    })
    assert.deepEqual(
      mergedGauges([gaugesOf({}), other]),
      gaugesOf({
        uptimeSeconds: 10,
        connections: { active: 10, idle: 6 },
        inFlight: 4,
        queue: { length: 2, capacity: 512 },
        threads: { configured: 4, ready: 2, inFlight: 4 },
        process: { rssBytes: 1500, heapBytes: 150, eventLoopDelayMs: { p50: 2, p99: 20, max: 90 } },
      }),
    )
  })

  it('uses the threads of the processes that have some, and the engine of the last process, during a reload', () => {
    const old = gaugesOf({ engine: 'selectors', threads: null })
    const { engine, threads } = mergedGauges([old, gaugesOf({})])
    assert.equal(engine, 'threadpool')
    assert.deepEqual(threads, { configured: 2, ready: 1, inFlight: 2 })
    assert.isNull(mergedGauges([old, old]).threads)
  })

  const phases: [phases: Phase[], expected: Phase, rule: string][] = [
    [['running', 'running'], 'running', 'all run'],
    [['draining', 'running', 'starting'], 'running', 'one running process is enough'],
    [['starting', 'starting'], 'starting', 'none has started'],
    [['notice', 'draining'], 'draining', 'none runs: the latest phase'],
    [['stopped', 'notice'], 'stopped', 'in any order'],
    [['starting', 'notice'], 'notice', 'a starting process does not serve yet'],
  ]
  for (const [found, expected, rule] of phases) {
    it(`is ${expected} of ${found.join(', ')}: ${rule}`, () => {
      assert.equal(mergedGauges(found.map((phase) => gaugesOf({ phase }))).phase, expected)
    })
  }
})
