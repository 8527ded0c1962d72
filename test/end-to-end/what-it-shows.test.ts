import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { currentEngine, describeOnEachEngine } from './support/engines.js'
import { TemporaryFolder } from './support/folder.js'
import { request } from '../wire/requests.js'
import { valueOf, type RawResponse } from '../wire/response-parser.js'
import { startServer, type LogLine, type RunningServer } from './support/server.js'

/** A plugin that repeats texts of the client in its log and in an error. */
const REPEATING = `
import { stream } from 'portico/plugin'

export default {
  name: 'repeating',
  routes: {
    'GET /log/:text': ({ params, headers, log }) => {
      log.warn('said ' + params.text, { text: params.text, field: headers.get('x-text') })
      return 'logged'
    },
    'GET /throw/:text': ({ params }) => { throw new Error(params.text) },
    'GET /users/:id': ({ params }) => 'user ' + params.id,
    'POST /back': (request) => stream(request.content),
    'POST /users/:id': async (request) => String((await request.bytes()).length),
  },
}
`

const KEYS = [
  'time',
  'engine',
  'worker',
  'thread',
  'connection',
  'request',
  'trace',
  'phase',
  'peer',
  'method',
  'target',
  'route',
  'status',
  'bytesIn',
  'bytesOut',
  'durationMs',
  'outcome',
]

/** A text that would be a log line if it began a line. */
const FORGED = '{"time":"2000-01-01T00:00:00.000Z","forged":true}'
const FORGED_IN_PATH = encodeURIComponent(`\r\n${FORGED}\n\u2028\u001b[2J`)

const FORGERIES: readonly (readonly [where: string, octets: string])[] = [
  ['the path', request(`GET /users/${FORGED_IN_PATH}`)],
  ['the query', request(`GET /users/7?${FORGED_IN_PATH}`)],
  ['a path without a route', request(`GET /${FORGED_IN_PATH}`)],
  ['a raw target', `GET /\n${FORGED}\n HTTP/1.1\r\n\r\n`],
  ['the method', `GET\r\n${FORGED}\r\n\r\n`],
  ['traceparent', request('GET /users/7', `traceparent: 00-"${FORGED}-01`)],
  ['a log line of a plugin', request(`GET /log/${FORGED_IN_PATH}`, `X-Text: ${FORGED}\x85\xa0`)],
  ['the message of an error', request(`GET /throw/${FORGED_IN_PATH}`)],
]

async function ask(server: RunningServer, octets: string, method = 'GET'): Promise<RawResponse> {
  const client = await server.connect()
  client.send(octets)
  const response = await client.response(method)
  client.close()
  return response
}

const idOf = (response: RawResponse): string => valueOf(response, 'x-request-id')!

describeOnEachEngine('logs, metrics and health checks', () => {
  let folder: TemporaryFolder
  let server: RunningServer

  before(async () => {
    folder = new TemporaryFolder({ 'repeating.js': REPEATING })
    server = await startServer({ flags: ['--plugins', folder.path] })
  })
  after(async () => {
    await server.stop('SIGKILL')
    folder.remove()
  })

  describe('the access log', () => {
    it('has the documented keys, in their order', async () => {
      const line = await server.accessLine(idOf(await ask(server, request('GET /users/7?a=b'))))
      assert.deepEqual(Object.keys(line), KEYS)
    })

    it('has the request and its outcome', async () => {
      const octets = `${request('POST /users/7', 'Content-Length: 5')}hello`
      const client = await server.connect()
      client.send(octets)
      const wire = await client.until('\r\n\r\n5')
      client.close()
      const line = await server.accessLine(/^X-Request-Id: (.+)$/m.exec(wire)![1]!.trim())
      assert.include(line, { engine: currentEngine(), worker: 0, phase: 'running', method: 'POST', target: '/users/7' })
      assert.include(line, { route: 'POST /users/:id', status: 200, outcome: 'completed' })
      assert.include(line, { bytesIn: octets.length, bytesOut: wire.length })
      assert.match(line['peer'] as string, /^127\.0\.0\.1:\d+$/)
      assert.match(line['trace'] as string, /^[0-9a-f]{32}$/)
      assert.isAtLeast(line['durationMs'] as number, 0)
      assert.closeTo(Date.parse(line['time'] as string), Date.now(), 60_000)
    })

    it('numbers connections, and has a different id for each request', async () => {
      const client = await server.connect()
      client.send(request('GET /users/1') + request('GET /users/2'))
      const responses = await client.responses('GET', 'GET')
      client.close()
      const [first, second] = await Promise.all(responses.map((response) => server.accessLine(idOf(response))))
      assert.equal(first!['connection'], second!['connection'])
      assert.notEqual(first!['request'], second!['request'])
      assert.deepEqual([first!['target'], second!['target']], ['/users/1', '/users/2'])
    })

    it('has a line for a refused request, too', async () => {
      const line = await server.accessLine(idOf(await ask(server, 'nonsense\r\n\r\n')))
      assert.include(line, { method: '-', target: '-', route: '<unmatched>', status: 400, outcome: 'refused' })
    })

    it('has a line for a client that disconnects before its response', async () => {
      const client = await server.connect()
      client.send(request('POST /users/gone', 'Content-Length: 5', 'Expect: 100-continue'))
      assert.equal((await client.response('POST')).status, 100)
      client.reset()
      const line = await server.logLine(({ target }) => target === '/users/gone')
      assert.include(line, { outcome: 'aborted', status: 0 })
    })

    it('distinguishes a client that breaks the framing of its content from a handler that fails', async () => {
      const client = await server.connect()
      client.send(`${request('POST /back', 'Transfer-Encoding: chunked')}3\r\nabc\r\n`)
      const wire = await client.until('3\r\nabc\r\n')
      client.send('broken\r\n')
      assert.equal(await client.rest(), '')
      const id = /^X-Request-Id: (.+)$/m.exec(wire)![1]!.trim()
      assert.include(await server.accessLine(id), { status: 200, outcome: 'refused' })
      assert.isUndefined(server.logLines().find(({ level, request }) => level === 'error' && request === id))
    })

    it('can be turned off', async () => {
      const silent = await startServer({ flags: ['--set', 'log.access=false'] })
      await ask(silent, request('GET /'))
      await silent.stop()
      assert.notInclude(silent.program.stdout, '"target"')
      assert.include(silent.program.stdout, 'server listening')
    })
  })

  describe('the plain format', () => {
    let plain: RunningServer
    before(async () => {
      plain = await startServer({ flags: ['--plugins', folder.path, '--log-format', 'plain'] })
    })
    after(() => plain.stop('SIGKILL'))

    it('has the same facts as the JSON format', async () => {
      const id = idOf(await ask(plain, request('GET /users/7')))
      const line = await plain.program.printed('stdout', (text) => wholeLines(text).find((each) => each.includes(id)))
      const known =
        /^\S+Z 127\.0\.0\.1:\d+ "GET \/users\/7" 200 completed [\d.]+ms in=\d+ out=\d+ route="GET \/users\/:id" connection=1 request=\S+ trace=[0-9a-f]{32} phase=running engine=/
      assert.match(line, known)
      assert.match(
        line.replace(known, ''),
        currentEngine() === 'threadpool' ? /^threadpool thread=[1-9]$/ : /^selectors$/,
      )
    })

    describe('does not let a client forge a line', () => {
      forgeries(() => plain, ' in=', checkPlainLine)
    })
  })

  describe('the JSON format does not let a client forge a line', () => {
    forgeries(() => server, '"bytesIn":', checkJsonLine)
  })

  /** @param accessMark a text that only access lines contain */
  function forgeries(victim: () => RunningServer, accessMark: string, checkLine: (line: string) => void): void {
    for (const [where, octets] of FORGERIES) {
      it(`by ${where}`, async () => {
        const id = idOf(await ask(victim(), octets))
        const isLogged = (line: string): boolean => line.includes(id) && line.includes(accessMark)
        const log = await victim().program.printed('stdout', (text) =>
          wholeLines(text).some(isLogged) ? wholeLines(text) : null,
        )
        assert.notMatch(
          log.join('\n'),
          /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u,
          'a control character, which could move the text around it',
        )
        for (const line of log) checkLine(line)
      })
    }
  }

  describe('GET /_metrics', () => {
    type Numbers = Readonly<Record<string, number>>
    interface Metrics {
      readonly requests: { total: number; inFlight: number; byStatusClass: Numbers; byErrorClass: Numbers }
      readonly connections: Numbers
      readonly routes: readonly { route: string; requests: number; errors: number; latencyMs: Numbers }[]
      readonly bytes: Numbers
      readonly rejections: Numbers
    }
    let counting: RunningServer
    let metrics: Metrics

    before(async () => {
      counting = await startServer({ flags: ['--plugins', folder.path] })
      for (const path of ['/users/1', '/users/2', '/nowhere', '/elsewhere', '/throw/x'])
        await ask(counting, request(`GET ${path}`))
      await ask(counting, 'GET /users/3 HTTP/1.1\r\n\r\n')
      await ask(counting, 'GET /users/3 HTTP/1.1\n\n')
      await ask(counting, request('GET /%zz'))
      await ask(counting, request('GET /%zz'))
      metrics = JSON.parse((await ask(counting, request('GET /_metrics'))).content) as Metrics
    })
    after(() => counting.stop('SIGKILL'))

    it('has the documented keys', () => {
      assert.containsAllKeys(metrics, [
        'engine',
        'socket',
        'phase',
        'uptimeSeconds',
        'connections',
        'requests',
        'routes',
      ])
      assert.containsAllKeys(metrics, ['bytes', 'queue', 'rejections', 'process'])
      assert.hasAllKeys(metrics.connections, ['active', 'idle', 'accepted', 'rejected'])
      assert.hasAllKeys(metrics.requests, ['total', 'inFlight', 'byStatusClass', 'byErrorClass'])
      assert.hasAllKeys(metrics.routes[0]!.latencyMs, ['p50', 'p95', 'p99', 'max'])
      assert.hasAllKeys(metrics.bytes, ['in', 'out'])
    })

    it('counts requests and outcomes, with its own request in flight', () => {
      assert.include(metrics.requests, { total: 10, inFlight: 1 })
      assert.include(metrics.requests.byStatusClass, { '2xx': 2, '4xx': 6, '5xx': 1 })
      assert.include(metrics.requests.byErrorClass, { refused: 4, failed: 1 })
    })

    it('counts by route pattern, never by path', () => {
      const counted = metrics.routes.map(({ route, requests, errors }) => [route, requests, errors])
      assert.deepInclude(counted, ['GET /users/:id', 2, 0])
      assert.deepInclude(counted, ['GET /throw/:text', 1, 1])
      assert.deepInclude(counted, ['<unmatched>', 6, 0])
      assert.notMatch(JSON.stringify(metrics), /nowhere|users\/1/)
    })

    it('counts refusals by their rule', () => {
      assert.deepEqual(metrics.rejections, { host: 1, 'bare-lf': 1, 'target-encoding': 2 })
    })

    for (const [how, octets] of [
      ['for a client whose Accept prefers it', request('GET /_metrics', 'Accept: text/plain')],
      [
        'for the Accept field of Prometheus',
        request(
          'GET /_metrics',
          'Accept: application/openmetrics-text;version=1.0.0,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
        ),
      ],
      ['for the query parameter', request('GET /_metrics?format=prometheus')],
    ] as const) {
      it(`is Prometheus text ${how}`, async () => {
        const response = await ask(counting, octets)
        assert.match(valueOf(response, 'content-type')!, /^text\/plain; version=0\.0\.4/)
        for (const line of response.content.trimEnd().split('\n')) {
          assert.match(
            line,
            /^(?:# (?:HELP|TYPE) \w+ .+|\w+(?:\{(?:[a-z]+="(?:[^"\\\n]|\\[\\"n])*",?)+\})? (?:[-+.\de]+|\+Inf))$/,
          )
        }
        assert.match(response.content, /^portico_requests_total \d+$/m)
        assert.match(response.content, /^portico_\w+\{rule="target-encoding"\} 2$/m)
        assert.include(response.content, 'GET /users/:id')
      })
    }
  })

  it('readiness depends on the phase', async () => {
    const noticing = await startServer({ flags: ['--set', 'drain.noticeMs=60000'] })
    assert.include(await ask(noticing, request('GET /readyz')), { status: 200, content: 'running\n' })
    noticing.program.kill('SIGTERM')
    await noticing.program.printed('stderr', (text) => /draining/.exec(text))
    const response = await ask(noticing, request('GET /readyz'))
    assert.include(response, { status: 503, content: 'notice\n' })
    assert.equal(valueOf(response, 'connection'), 'close')
    assert.include(await ask(noticing, request('GET /livez')), { status: 200, content: 'ok\n' })
    await noticing.stop('SIGKILL')
  })
})

function wholeLines(text: string): string[] {
  return text.slice(0, Math.max(0, text.lastIndexOf('\n'))).split('\n')
}

function checkJsonLine(line: string): void {
  assert.notProperty(JSON.parse(line) as LogLine, 'forged')
}

/** An access line, an event line, or an indented line of a stack. */
function checkPlainLine(line: string): void {
  assert.match(line, /^(?:\d{4}-\d\d-\d\dT[\d:.]+Z (?:127\.0\.0\.1:\d+ "|(?:DEBUG|INFO|WARN|ERROR) )| {4})/)
}
