import { assert } from 'chai'
import { describe, it } from 'mocha'
import metricsPlugin from '../../../plugins/metrics/index.js'
import { CountingMetrics } from '../../../src/adapters/metrics/counting-metrics.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import type { Response } from '../../../src/domain/message/response.js'
import { singleProcessGroup } from '../../../src/app/workers/single-process-group.js'
import { GroupMetrics } from '../../../src/app/server/service-metrics.js'
import type { WorkerGroup } from '../../../src/ports/workers/worker-group.js'
import type { ThreadsMetrics } from '../../../src/ports/operations/metrics.js'
import type { PluginContext, Request, RouteDefinition } from '../../../src/ports/plugins/plugin.js'
import { exchangeOf } from '../../fakes/exchange.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { readExposition } from './exposition.js'

const ODD_ROUTE = 'GET /a"b\\c\nd'

const THREADS: ThreadsMetrics = {
  configured: 4,
  ready: 3,
  inFlight: 7,
  lost: { stuck: 1, exited: 0, threw: 0, memory: 2 },
}

function counted(threads: ThreadsMetrics | null = null): CountingMetrics {
  const metrics = new CountingMetrics(
    new FakeClock(),
    () => 64e6,
    () => ({ p50: 0.5, p99: 12, max: 250 }),
  )
  metrics.begin(['<unmatched>', 'GET /', ODD_ROUTE], {
    engine: threads === null ? 'selectors' : 'threadpool',
    socket: 'net',
    phase: () => 'running',
    queue: () => ({ length: 0, capacity: 0 }),
    threads: () => threads,
    tls: () => ({ inFlight: 1, certificates: [{ certificate: 'a.test ec', expiresInSeconds: 60 }] }),
    accessLogDropped: () => 0,
  })
  metrics.connectionAccepted()
  metrics.received(1234)
  for (let durationMs = 0.01; durationMs < 100_000; durationMs *= 1.7) {
    metrics.requestBegun()
    metrics.requestEnded(exchangeOf({ route: 1, durationMs }))
  }
  metrics.requestBegun()
  metrics.requestEnded(exchangeOf({ route: 2, durationMs: 250, status: 500, outcome: 'failed' }))
  metrics.refused('bare-lf')
  return metrics
}

/** Two workers, a replacement of the second, and one that has stopped. All have the same counts. */
const GROUP: WorkerGroup = {
  worker: 1,
  trouble: null,
  counts: async (own) => ({
    present: [
      { worker: 1, pid: 1001, counts: own },
      { worker: 2, pid: 1002, counts: own },
      { worker: 2, pid: 1003, counts: own },
    ],
    gone: [own.counters],
    workers: {
      configured: 2,
      ready: 2,
      lost: { died: 1, unresponsive: 0 },
      reloads: { done: 3, refused: 4 },
      renewals: { done: 1, refused: 2 },
    },
  }),
}

const ALONE = new GroupMetrics(counted(), singleProcessGroup())
const TOGETHER = new GroupMetrics(counted(THREADS), GROUP)

function route(metrics: GroupMetrics): RouteDefinition {
  const { routes } = metricsPlugin
  if (typeof routes !== 'function') assert.fail('the routes need the context')
  const definition = routes({ metrics } as unknown as PluginContext)['GET /_metrics']
  return typeof definition === 'object' ? definition : assert.fail('the route has settings')
}

async function get(query: string, accept?: string, metrics = ALONE): Promise<Response> {
  const headers = FieldSection.of(accept === undefined ? [] : [['accept', accept]])
  const request = { query: new URLSearchParams(query), headers } as Request
  return (await route(metrics).handler(request)) as Response
}

async function readJson(query: string, metrics: GroupMetrics): Promise<Record<string, object>> {
  return JSON.parse((await get(query, undefined, metrics)).content as string) as Record<string, object>
}

/** A sample's value in Prometheus text, by its name and labels. */
async function valuesIn(
  query: string,
  metrics: GroupMetrics,
): Promise<(name: string, labels?: object) => number | undefined> {
  const families = readExposition((await get(query, undefined, metrics)).content as string)
  const samples = [...families.values()].flatMap((family) => family.samples)
  return (name, labels = {}) => {
    const wanted = JSON.stringify(labels)
    return samples.find((sample) => sample.name === name && JSON.stringify(sample.labels) === wanted)?.value
  }
}

describe('GET /_metrics', () => {
  it('runs in the event loop, so that it answers while all handler threads are busy', () =>
    assert.isTrue(route(ALONE).inline))

  const formats: [query: string, accept: string | undefined, type: string, rule: string][] = [
    ['', undefined, 'application/json', 'is JSON by default'],
    ['', 'text/plain', 'text/plain; version=0.0.4; charset=utf-8', 'is text when Accept prefers it'],
    [
      'format=prometheus',
      'application/json',
      'text/plain; version=0.0.4; charset=utf-8',
      'is text when the query says so',
    ],
    ['format=json', 'text/plain', 'application/json', 'is JSON when the query says so'],
  ]
  for (const [query, accept, type, rule] of formats) {
    it(rule, async () => {
      const { status, fields } = await get(query, accept)
      assert.deepEqual([status, fields.get('content-type'), fields.get('cache-control')], [200, type, 'no-store'])
    })
  }

  for (const query of ['format=evil', 'per=evil', 'per=evil&format=prometheus', 'per=']) {
    it(`answers 400 to the unknown query ${query}, and does not repeat it`, async () => {
      const { status, content, fields } = await get(query)
      assert.deepEqual([status, fields.get('cache-control')], [400, 'no-store'])
      assert.notInclude(content as string, 'evil')
    })
  }

  describe('as JSON', () => {
    it('has the documented keys', async () => {
      const read = await readJson('', TOGETHER)
      assert.hasAllKeys(read, [
        'engine', 'socket', 'phase', 'uptimeSeconds', 'connections', 'requests', 'routes', 'bytes', 'queue', 'threads', 'tls',
        'workers', 'rejections', 'accessLogDropped', 'process',
      ]) // prettier-ignore
      assert.hasAllKeys(read['connections'], ['active', 'idle', 'accepted', 'rejected'])
      assert.hasAllKeys(read['requests'], ['total', 'inFlight', 'byStatusClass', 'byErrorClass'])
      assert.hasAllKeys((read['routes'] as object[])[0], ['route', 'requests', 'errors', 'latencyMs'])
      assert.hasAllKeys(read['process'], ['rssBytes', 'heapBytes', 'eventLoopDelayMs'])
      assert.notInclude(
        (await get('', undefined, TOGETHER)).content as string,
        'null',
        'no number is infinite or missing',
      )
    })

    it('has the workers and the threads', async () => {
      const { workers, threads } = await readJson('', TOGETHER)
      const lost = { stuck: 4, exited: 0, threw: 0, memory: 8 }
      assert.deepEqual(threads, { configured: 12, ready: 9, inFlight: 21, lost })
      assert.deepEqual(workers, {
        configured: 2,
        ready: 2,
        lost: { died: 1, unresponsive: 0 },
        reloads: { done: 3, refused: 4 },
        renewals: { done: 1, refused: 2 },
      })
    })

    it('has no threads on an engine without threads, and counts one worker without a supervisor', async () => {
      const { workers, threads } = await readJson('', ALONE)
      assert.isNull(threads)
      assert.deepInclude(workers, { configured: 1, ready: 1 })
    })

    it('lists each worker separately with per=worker', async () => {
      const read = await readJson('per=worker', TOGETHER)
      assert.hasAllKeys(read, ['workers'])
      const workers = read['workers'] as Record<string, object>[]
      assert.deepEqual(
        workers.map(({ worker, pid, phase }) => ({ worker, pid, phase })),
        [
          { worker: 1, pid: 1001, phase: 'running' },
          { worker: 2, pid: 1002, phase: 'running' },
          { worker: 2, pid: 1003, phase: 'running' },
        ] as object[],
      )
      for (const each of workers) {
        assert.deepEqual(each['threads'], THREADS)
        assert.hasAllKeys((each['routes'] as object[])[0], ['route', 'requests', 'errors', 'latencyMs'])
        assert.notProperty(each, 'workers', 'the data of the group is not repeated for each worker')
      }
    })
  })

  describe('as Prometheus text', () => {
    const values: [name: string, labels: Record<string, string>, expected: number, rule: string][] = [
      ['portico_info', { engine: 'threadpool', socket: 'net' }, 1, 'how the server runs'],
      ['portico_phase', { phase: 'running' }, 1, 'the current phase'],
      ['portico_phase', { phase: 'draining' }, 0, 'the other phases'],
      ['portico_received_bytes_total', {}, 4 * 1234, 'bytes'],
      ['portico_responses_total', { class: '5xx' }, 4, 'responses by class'],
      ['portico_request_errors_total', { outcome: 'failed' }, 4, 'errors by outcome'],
      ['portico_rejections_total', { rule: 'bare-lf' }, 4, 'refusals by rule'],
      ['portico_route_errors_total', { route: ODD_ROUTE }, 4, 'a route whose name needs escaping'],
      ['portico_event_loop_delay_max_seconds', {}, 0.25, 'delays in seconds'],
      ['portico_connections_active', {}, 3, 'open connections'],
      ['portico_threads', { state: 'configured' }, 12, 'configured threads'],
      ['portico_threads', { state: 'ready' }, 9, 'ready threads'],
      ['portico_threads_requests_in_flight', {}, 21, 'requests in progress in threads'],
      ['portico_threads_lost_total', { cause: 'memory' }, 8, 'lost threads by cause'],
      ['portico_workers', { state: 'ready' }, 2, 'ready workers'],
      ['portico_workers_lost_total', { cause: 'died' }, 1, 'lost workers by cause'],
      ['portico_reloads_total', { result: 'refused' }, 4, 'reloads by result'],
    ]
    for (const [name, labels, expected, rule] of values) {
      it(`has ${rule}`, async () => {
        const valueOf = await valuesIn('format=prometheus', TOGETHER)
        assert.equal(valueOf(name, labels), expected)
      })
    }

    it('has the prefix portico_ in the name of every family', async () => {
      const families = readExposition((await get('format=prometheus')).content as string)
      assert.isTrue([...families.keys()].every((name) => name.startsWith('portico_')))
    })

    it('has a histogram of durations in seconds for each route', async () => {
      const valueOf = await valuesIn('format=prometheus', ALONE)
      const name = 'portico_request_duration_seconds'
      assert.equal(valueOf(`${name}_sum`, { route: ODD_ROUTE }), 0.25)
      assert.equal(valueOf(`${name}_bucket`, { route: ODD_ROUTE, le: '0.1' }), 0)
      assert.equal(valueOf(`${name}_bucket`, { route: ODD_ROUTE, le: '0.256' }), 1)
      assert.equal(valueOf(`${name}_count`, { route: '<unmatched>' }), 0)
    })

    it('has the same series for each worker with per=worker, even for two workers with the same number', async () => {
      const valueOf = await valuesIn('format=prometheus&per=worker', TOGETHER)
      for (const [worker, pid] of [
        ['1', '1001'],
        ['2', '1002'],
        ['2', '1003'],
      ]) {
        assert.equal(valueOf('portico_received_bytes_total', { worker, pid }), 1234)
        assert.equal(valueOf('portico_threads_lost_total', { worker, pid, cause: 'stuck' }), 1)
        assert.equal(valueOf('portico_request_duration_seconds_sum', { worker, pid, route: ODD_ROUTE }), 0.25)
      }
    })
  })
})
