import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Routes } from '../../../src/ports/plugins/plugin.js'
import type { RequestSpan, SpanFields, Tracing } from '../../../src/ports/serving/tracing.js'
import { get } from '../../wire/requests.js'
import { Served, settled, statuses } from './served.js'

const TRACE = 'a'.repeat(32)

/** Records the spans that it begins and ends. */
class RecordingTracing implements Tracing {
  readonly journal: string[] = []
  current: string | null = null

  begin({ head, peer }: Parameters<Tracing['begin']>[0]): RequestSpan {
    const { journal } = this
    const name = head.path
    journal.push(`begin ${name}${peer === '' ? '' : ' of a peer'}`)
    return {
      traceId: TRACE,
      fields: { traceparent: `00-${TRACE}-${'b'.repeat(16)}-01` },
      within: (run) => {
        this.current = name
        try {
          return run()
        } finally {
          this.current = null
        }
      },
      end: ({ status, outcome, routeName }) => journal.push(`end ${name}: ${status}, ${outcome}, ${routeName}`),
    }
  }

  within<T>(_fields: SpanFields, run: () => T): T {
    return run()
  }
}

async function asked(...requests: string[]): Promise<{ tracing: RecordingTracing; served: Served; received: string }> {
  const tracing = new RecordingTracing()
  const routes: Routes = {
    'GET /within': (request) => `${tracing.current} ${request.traceId}`,
    'GET /throws': () => {
      throw new Error('no')
    },
    'GET /later': async () => 'later',
  }
  const served = await Served.start({ routes, tracing })
  const far = served.connect()
  for (const request of requests) far.send(request)
  await settled()
  return { tracing, served, received: far.received }
}

describe('a server with tracing', () => {
  it('records a span for each request, from its head to the end of its response', async () => {
    const { tracing } = await asked(get('/within'), get('/later'), get('/nowhere'), get('/throws'))
    assert.deepEqual(tracing.journal, [
      'begin /within of a peer',
      'end /within: 200, completed, GET /within',
      'begin /later of a peer',
      'end /later: 200, completed, GET /later',
      'begin /nowhere of a peer',
      'end /nowhere: 404, completed, <unmatched>',
      'begin /throws of a peer',
      'end /throws: 500, failed, GET /throws',
    ])
  })

  it('runs the handler within the span, and shows its trace id to the handler and in the access log', async () => {
    const { served, received } = await asked(get('/within'))
    assert.include(received, `/within ${TRACE}`)
    assert.equal(served.accessLog.exchanges[0]!.trace, TRACE)
  })

  it('continues to serve when tracing fails, and logs the first failure only', async () => {
    const failing: Tracing = {
      begin: ({ head }) => {
        if (head.path === '/within') throw new Error('no span')
        return { traceId: TRACE, fields: {}, within: (run) => run(), end: () => assert.fail('no end') }
      },
      within: (_fields, run) => run(),
    }
    const served = await Served.start({ routes: { 'GET /*': ({ path }) => path }, tracing: failing })
    const far = served.connect()
    for (const path of ['/within', '/a', '/b']) far.send(get(path))
    await settled()
    assert.deepEqual(statuses(far.received), [200, 200, 200])
    assert.lengthOf(served.accessLog.exchanges, 3)
    assert.deepEqual(served.alarms, ['telemetry failed'])
  })

  it('records no span for a malformed request', async () => {
    const { tracing, received } = await asked('GET\r\n\r\n')
    assert.deepEqual(statuses(received), [400])
    assert.isEmpty(tracing.journal)
  })
})
