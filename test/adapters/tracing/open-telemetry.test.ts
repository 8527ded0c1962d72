import { createRequire } from 'node:module'
import {
  context,
  INVALID_SPAN_CONTEXT,
  propagation,
  trace,
  type Attributes,
  type SpanContext,
} from '@opentelemetry/api'
import {
  InMemorySpanExporter,
  NodeTracerProvider,
  SimpleSpanProcessor,
  type ReadableSpan,
} from '@opentelemetry/sdk-trace-node'
import { assert } from 'chai'
import { afterEach, beforeEach, describe, it } from 'mocha'
import { OpenTelemetry } from '../../../src/adapters/tracing/open-telemetry.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import type { FieldLine } from '../../../src/domain/message/response-fields.js'
import type { ExchangeRecord } from '../../../src/ports/serving/access-log.js'
import type { TracedRequest, Tracing } from '../../../src/ports/serving/tracing.js'
import { exchangeOf } from '../../fakes/exchange.js'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const TRACEPARENT: FieldLine = ['traceparent', `00-${TRACE}-${PARENT}-01`]

function requestWith(fields: FieldLine[], head: Partial<TracedRequest['head']> = {}): TracedRequest {
  return {
    head: {
      ...{ method: 'GET', target: '/a?b', path: '/a', query: 'b', authority: 'example.org:8080', minor: 1 },
      ...{ fields: FieldSection.of(fields), length: 0, expectsContinue: false, persists: true },
      ...head,
    },
    peer: '[2001:db8::1]:50000',
    security: null,
  }
}

describe('OpenTelemetry', () => {
  const exporter = new InMemorySpanExporter()
  let tracing: Tracing

  beforeEach(async () => {
    new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }).register()
    tracing = (await new OpenTelemetry().load())!
  })
  afterEach(() => {
    exporter.reset()
    for (const each of [trace, context, propagation]) each.disable()
  })

  function ended(request: TracedRequest, exchange: Partial<ExchangeRecord>): ReadableSpan {
    tracing.begin(request)!.end(exchangeOf(exchange))
    const [span] = exporter.getFinishedSpans()
    return span!
  }

  it('is off where the package is missing', async () => {
    assert.isNull(await new OpenTelemetry(() => null).load())
  })

  it('is off where no provider records spans', async () => {
    trace.disable()
    assert.isNull(await new OpenTelemetry().load())
  })

  it('does not look for the package where nobody has registered with it', async () => {
    const registry = Symbol.for('opentelemetry.js.api.1')
    const registered: unknown = Reflect.get(globalThis, registry)
    Reflect.deleteProperty(globalThis, registry)
    try {
      assert.isNull(await new OpenTelemetry(() => assert.fail('looked for the package')).load())
    } finally {
      Reflect.set(globalThis, registry, registered)
    }
  })

  it('finds the package from a module of the server', async () => {
    const place = createRequire(import.meta.url).resolve('@opentelemetry/api')
    assert.isNotNull(await new OpenTelemetry(() => place).load())
  })

  describe('the trace', () => {
    it('continues `traceparent`, whose span is the parent', () => {
      const span = ended(requestWith([TRACEPARENT]), {})
      assert.equal(span.spanContext().traceId, TRACE)
      assert.equal(span.parentSpanContext?.spanId, PARENT)
      assert.isTrue(span.parentSpanContext?.isRemote)
    })

    it('continues `traceparent` even where no propagator reads it', () => {
      propagation.disable()
      assert.equal(ended(requestWith([TRACEPARENT]), {}).parentSpanContext?.spanId, PARENT)
    })

    it('keeps the trace state', () => {
      const span = ended(requestWith([TRACEPARENT, ['tracestate', 'a=b']]), {})
      assert.equal(span.spanContext().traceState?.get('a'), 'b')
    })

    const broken: FieldLine[][] = [[], [['traceparent', 'x']], [TRACEPARENT, TRACEPARENT]]
    for (const fields of broken) {
      it(`begins anew for ${fields.length === 0 ? 'none' : fields.map(([, value]) => value).join(', ')}`, () => {
        const span = ended(requestWith(fields), {})
        assert.notEqual(span.spanContext().traceId, TRACE)
        assert.isUndefined(span.parentSpanContext)
      })
    }
  })

  it('names the span by its route, and describes the request', () => {
    const span = ended(requestWith([['User-Agent', 'curl']]), {
      method: 'GET',
      route: 3,
      routeName: 'GET /:name',
      status: 200,
    })
    assert.equal(span.name, 'GET /:name')
    assert.deepEqual(span.attributes, {
      'http.request.method': 'GET',
      'http.route': '/:name',
      'http.response.status_code': 200,
      'url.scheme': 'http',
      'url.path': '/a',
      'url.query': 'b',
      'server.address': 'example.org',
      'server.port': 8080,
      'client.address': '2001:db8::1',
      'network.peer.address': '2001:db8::1',
      'network.peer.port': 50000,
      'network.protocol.version': '1.1',
      'user_agent.original': 'curl',
    } satisfies Attributes)
  })

  it('omits attributes without a value', () => {
    const span = ended(requestWith([], { query: '', authority: '', minor: 0 }), {
      method: 'GET',
      route: 0,
      status: 404,
    })
    assert.equal(span.name, 'GET')
    for (const name of ['http.route', 'url.query', 'server.address', 'server.port', 'user_agent.original'])
      assert.notProperty(span.attributes, name)
  })

  const UNSET = 0
  const ERROR = 2
  const outcomes: [exchange: Partial<ExchangeRecord>, error: string | undefined, code: number][] = [
    [{ status: 200, outcome: 'completed' }, undefined, UNSET],
    [{ status: 404, outcome: 'completed' }, undefined, UNSET],
    [{ status: 413, outcome: 'refused' }, undefined, UNSET],
    [{ status: 500, outcome: 'failed' }, '500', ERROR],
    [{ status: 503, outcome: 'rejected' }, '503', ERROR],
    [{ status: 200, outcome: 'failed' }, 'failed', ERROR],
    [{ status: 200, outcome: 'cut' }, 'cut', ERROR],
    [{ status: 0, outcome: 'aborted' }, 'aborted', UNSET],
  ]
  for (const [exchange, error, code] of outcomes) {
    it(`records status ${exchange.status} and outcome ${exchange.outcome}`, () => {
      const { attributes, status } = ended(requestWith([]), exchange)
      assert.deepEqual([attributes['error.type'], status.code], [error, code])
    })
  }

  it('makes spans of the handler children of the span', () => {
    const span = tracing.begin(requestWith([TRACEPARENT]))!
    const within = span.within(() => trace.getActiveSpan()?.spanContext())
    assert.equal(span.fields['traceparent'], `00-${TRACE}-${within?.spanId}-01`)
    assert.equal(span.traceId, TRACE)
  })

  it('carries the context of the request to another thread', () => {
    const span = tracing.begin(requestWith([TRACEPARENT, ['Tracestate', 'a=b'], ['Baggage', 'k=v']]))!
    const [context, baggage] = tracing.within(span.fields, () => [
      trace.getActiveSpan()?.spanContext(),
      propagation.getActiveBaggage()?.getEntry('k')?.value,
    ])
    assert.equal((context as SpanContext).traceState?.get('a'), 'b')
    assert.equal(baggage, 'v')
  })

  it('keeps the context of another propagator', () => {
    propagation.disable()
    const found = propagation.createBaggage({ k: { value: 'v' } })
    propagation.setGlobalPropagator({
      fields: () => [],
      inject: () => undefined,
      extract: (before) => propagation.setBaggage(before, found),
    })
    const span = tracing.begin(requestWith([TRACEPARENT]))!
    assert.equal(span.traceId, TRACE)
    assert.equal(
      span.within(() => propagation.getActiveBaggage()?.getEntry('k')?.value),
      'v',
    )
  })

  it('makes no span for a request while spans are off', async () => {
    trace.disable()
    trace.setGlobalTracerProvider({
      getTracer: () => ({ startSpan: () => trace.wrapSpanContext(INVALID_SPAN_CONTEXT) }),
    } as never)
    const off = (await new OpenTelemetry().load())!
    assert.isNull(off.begin(requestWith([TRACEPARENT])))
  })

  it('makes spans of another thread children of the span', () => {
    const within = tracing.within({ traceparent: `00-${TRACE}-${PARENT}-01` }, () =>
      trace.getActiveSpan()?.spanContext(),
    )
    assert.deepInclude(within, { traceId: TRACE, spanId: PARENT, traceFlags: 1 })
  })
})
