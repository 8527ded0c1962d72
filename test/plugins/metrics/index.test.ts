import { assert } from 'chai'
import { describe, it } from 'mocha'
import metricsPlugin from '../../../plugins/metrics/index.js'
import { CountingMetrics } from '../../../src/adapters/metrics/counting-metrics.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import type { Response } from '../../../src/domain/message/response.js'
import type { MetricsSnapshot } from '../../../src/ports/metrics.js'
import type { PluginContext, Request, RouteDefinition } from '../../../src/ports/plugin.js'
import { exchangeOf } from '../../fakes/exchange.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { readExposition } from './exposition.js'

const ODD_ROUTE = 'GET /a"b\\c\nd'

function snapshot(): MetricsSnapshot {
  const metrics = new CountingMetrics(new FakeClock(), () => ({ p50: 0.5, p99: 12, max: 250 }))
  metrics.begin(['<unmatched>', 'GET /', ODD_ROUTE], {
    engine: 'selectors',
    socket: 'net',
    phase: () => 'running',
    queue: () => ({ length: 0, capacity: 0 }),
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
  return metrics.snapshot()
}

function route(): RouteDefinition {
  const { routes } = metricsPlugin
  if (typeof routes !== 'function') assert.fail('the routes need the context')
  const definition = routes({ metrics: { snapshot } } as PluginContext)['GET /_metrics']
  return typeof definition === 'object' ? definition : assert.fail('the route has settings')
}

function get(query: string, accept?: string): Response {
  const headers = FieldSection.of(accept === undefined ? [] : [['accept', accept]])
  return route().handler({ query: new URLSearchParams(query), headers } as Request) as Response
}

describe('GET /_metrics', () => {
  it('runs in the event loop, so that it answers while a pool is full', () => assert.isTrue(route().inline))

  const formats: [query: string, accept: string | undefined, type: string, rule: string][] = [
    ['', undefined, 'application/json', 'is JSON unless told'],
    ['', 'text/plain', 'text/plain; version=0.0.4; charset=utf-8', 'is text where Accept likes it better'],
    ['format=prometheus', 'application/json', 'text/plain; version=0.0.4; charset=utf-8', 'is text by the query'],
    ['format=json', 'text/plain', 'application/json', 'is JSON by the query'],
  ]
  for (const [query, accept, type, rule] of formats) {
    it(rule, () => {
      const { status, fields } = get(query, accept)
      assert.deepEqual([status, fields.get('content-type'), fields.get('cache-control')], [200, type, 'no-store'])
    })
  }

  it('refuses a format that it does not know, without repeating it', () => {
    const { status, content } = get('format=evil')
    assert.equal(status, 400)
    assert.notInclude(content as string, 'evil')
  })

  it('has the documented keys as JSON', () => {
    const read = JSON.parse(get('').content as string) as Record<string, object>
    assert.hasAllKeys(read, [
      'engine', 'socket', 'phase', 'uptimeSeconds', 'connections', 'requests', 'routes', 'octets', 'queue', 'rejections',
      'accessLogDropped', 'process',
    ]) // prettier-ignore
    assert.hasAllKeys(read['connections'], ['active', 'idle', 'accepted', 'rejected'])
    assert.hasAllKeys(read['requests'], ['total', 'inFlight', 'byStatusClass', 'byErrorClass'])
    assert.hasAllKeys((read['routes'] as object[])[0], ['route', 'requests', 'errors', 'latencyMs'])
    assert.hasAllKeys(read['process'], ['rssBytes', 'heapBytes', 'eventLoopDelayMs'])
    assert.notInclude(get('').content as string, 'null', 'no number is infinite or missing')
  })

  describe('as Prometheus text', () => {
    const families = readExposition(get('format=prometheus').content as string)

    function valueOf(name: string, labels: Record<string, string> = {}, family = name): number | undefined {
      const wanted = JSON.stringify(labels)
      const samples = families.get(family)?.samples ?? []
      return samples.find((sample) => sample.name === name && JSON.stringify(sample.labels) === wanted)?.value
    }

    const values: [name: string, labels: Record<string, string>, expected: number, rule: string][] = [
      ['portico_info', { engine: 'selectors', socket: 'net' }, 1, 'how the server runs'],
      ['portico_phase', { phase: 'running' }, 1, 'the present phase'],
      ['portico_phase', { phase: 'draining' }, 0, 'and the others'],
      ['portico_received_bytes_total', {}, 1234, 'octets'],
      ['portico_responses_total', { class: '5xx' }, 1, 'responses by class'],
      ['portico_request_errors_total', { outcome: 'failed' }, 1, 'errors by outcome'],
      ['portico_rejections_total', { rule: 'bare-lf' }, 1, 'refusals by rule'],
      ['portico_route_errors_total', { route: ODD_ROUTE }, 1, 'a route of any name'],
      ['portico_event_loop_delay_max_seconds', {}, 0.25, 'delays in seconds'],
    ]
    for (const [name, labels, expected, rule] of values) {
      it(`tells ${rule}`, () => assert.equal(valueOf(name, labels), expected))
    }

    it('names every family after the server', () => {
      assert.isTrue([...families.keys()].every((name) => name.startsWith('portico_')))
    })

    it('has a histogram of durations in seconds for each route', () => {
      const name = 'portico_request_duration_seconds'
      assert.equal(valueOf(`${name}_sum`, { route: ODD_ROUTE }, name), 0.25)
      assert.equal(valueOf(`${name}_bucket`, { route: ODD_ROUTE, le: '0.1' }, name), 0)
      assert.equal(valueOf(`${name}_bucket`, { route: ODD_ROUTE, le: '0.256' }, name), 1)
      assert.equal(valueOf(`${name}_count`, { route: '<unmatched>' }, name), 0)
    })
  })
})
