import { assert } from 'chai'
import { describe, it } from 'mocha'
import { NO_RESPONSE_FIELDS } from '../../../src/domain/message/response-fields.js'
import { bytes, file, json, stream, text } from '../../../src/domain/message/response-makers.js'
import { Unavailable, type UnavailableRule } from '../../../src/domain/lifecycle/unavailable.js'
import type { EngineRequest, PlacedHandler } from '../../../src/ports/serving/engine.js'
import type { Answer, Handler } from '../../../src/ports/plugins/plugin.js'
import { FakeEngine } from '../../fakes/fake-engine.js'
import { get, post } from '../../wire/requests.js'
import { Served, settled, statuses } from './served.js'

/** The response to one request, by default `GET /`. */
async function answerOf(
  handler: Handler,
  request = get('/'),
): Promise<{ served: Served; received: string; cut: boolean }> {
  const served = await Served.start({ routes: { 'GET /': handler }, files: { 'a.txt': { content: 'abc' } } })
  const far = served.connect()
  far.send(request)
  await settled()
  return { served, received: far.received, cut: far.cut }
}

/** A response that was not made by a maker. */
const byHand = (status: number, content: unknown): Answer => ({ status, fields: NO_RESPONSE_FIELDS, content }) as Answer

describe('dispatch', () => {
  it('sends a string as text, and a promise of a string too', async () => {
    for (const handler of [() => 'ünd', async () => 'ünd']) {
      const { received } = await answerOf(handler)
      assert.match(
        received,
        /^HTTP\/1\.1 200 OK\r\n.*Content-Type: text\/plain; charset=utf-8\r\n.*Content-Length: 4\r\n/s,
      )
      assert.isTrue(received.endsWith(Buffer.from('ünd').toString('latin1')))
    }
  })

  it('opens, sends and closes a file', async () => {
    const { received, served } = await answerOf(() => file('a.txt'))
    assert.match(received, /^HTTP\/1\.1 200 (?=.*\r\nContent-Length: 3\r\n).*\r\n\r\nabc$/s)
    assert.equal(served.files.openCount, 0)
  })

  const failures: [rule: string, handler: Handler][] = [
    [
      'throws at once',
      () => {
        throw new Error('a secret')
      },
    ],
    ['throws later', async () => Promise.reject(new Error('a secret'))],
    [
      'throws something that is not an Error',
      () => {
        // eslint-disable-next-line @typescript-eslint/only-throw-error -- plugins do
        throw 'a secret'
      },
    ],
    ['returns undefined', () => undefined as unknown as Answer],
    ['returns null', () => null as unknown as Answer],
    ['returns a number', () => 42 as unknown as Answer],
    ['returns an object that is no response', () => ({ status: 200, secret: 'a secret' }) as unknown as Answer],
    ['makes text of a number', () => text(42 as unknown as string)],
    ['makes bytes of an object', () => bytes({ secret: 'a secret' } as unknown as Uint8Array)],
    ['makes JSON of undefined', () => json(undefined)],
    ['sets a field with a line break', () => text('x', { headers: { 'X-A': 'a\r\nX-B: b' } })],
    ['sets a status that does not exist', () => text('x', { status: 99 })],
    ...[99, 101, 199, 600, 1000, 200.5, NaN, Infinity].map((status): [string, Handler] => [
      `makes a response by hand, with status ${status}`,
      () => byHand(status, 'a secret'),
    ]),
    ...[5, true, undefined, {}, ['a secret'], { kind: 'secret' }].map((content): [string, Handler] => [
      `makes a response by hand, with content ${JSON.stringify(content)}`,
      () => byHand(200, content),
    ]),
  ]
  for (const [rule, handler] of failures) {
    it(`answers 500 for a handler that ${rule}; only the log gets the error`, async () => {
      const { received, served, cut } = await answerOf(handler)
      assert.deepEqual(statuses(received), [500])
      assert.notInclude(received, 'secret')
      assert.isFalse(cut)
      const event = served.log.events.find(({ level }) => level === 'error')
      assert.containsAllKeys(event!.facts, ['request', 'route', 'error'])
      assert.equal(event!.facts['route'], 'GET /')
      assert.deepEqual(served.outcomes, ['failed'])
      assert.equal(served.metrics.snapshot().requests.inFlight, 0)
    })
  }

  const brokenStreams: [rule: string, pieces: () => AsyncIterable<string> | Iterable<string>, length?: number][] = [
    [
      'throws before its first piece',
      function* () {
        throw new Error('a secret')
      },
    ],
    [
      'throws after a piece',
      function* () {
        yield 'piece'
        throw new Error('a secret')
      },
    ],
    ['yields a number', () => [42 as unknown as string]],
    ['yields a number, with a length', () => [42 as unknown as string], 2],
    ['yields null', () => [null as unknown as string]],
    ['yields an object', () => [{} as unknown as string]],
    ['yields an object, with a length', () => [{} as unknown as string], 2],
    ['is undefined', () => undefined as unknown as string[]],
    ['ends before its declared length', () => ['abc'], 4],
    ['runs over its declared length', () => ['abc', 'def'], 5],
  ]
  for (const [rule, pieces, length] of brokenStreams) {
    it(`cuts the connection when a stream ${rule}`, async () => {
      const { received, cut, served } = await answerOf(() => stream(pieces(), length === undefined ? {} : { length }))
      assert.isTrue(cut)
      assert.notInclude(received, '\r\n0\r\n\r\n')
      assert.deepEqual(served.outcomes, ['failed'])
      assert.include(served.alarms, 'content failed')
      const { requests, bytes: octets } = served.metrics.snapshot()
      assert.equal(requests.inFlight, 0)
      assert.isAtLeast(octets.out, received.length, 'the count includes octets that were cut off, but is a number')
    })
  }

  it('answers 404, 405 with Allow, and OPTIONS from the route table, and keeps the connection open', async () => {
    const { received, served } = await answerOf(
      () => 'x',
      get('/nowhere') +
        post('/', '') +
        'OPTIONS / HTTP/1.1\r\nHost: a\r\n\r\n' +
        'OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n' +
        get('/'),
    )
    assert.deepEqual(statuses(received), [404, 405, 204, 204, 200])
    assert.include(received, '\r\nAllow: GET, HEAD, OPTIONS\r\n')
    assert.deepEqual(served.metrics.snapshot().rejections, { 'method-not-allowed': 1 })
  })

  it('answers 400 and logs nothing when content is not JSON and the handler lets the error pass', async () => {
    const served = await Served.start({ routes: { 'POST /': async (request) => json(await request.json()) } })
    const far = served.connect()
    for (const content of ['{"a":', '', 'a secret']) far.send(post('/', content))
    await settled()
    assert.deepEqual(statuses(far.received), [400, 400, 400])
    assert.notInclude(far.received, 'secret')
    assert.deepEqual(served.alarms, [])
    assert.notInclude(served.outcomes, 'failed')
  })

  it('throws a SyntaxError that a handler can catch when content is not JSON', async () => {
    const handler: Handler = async (request) => {
      try {
        return json(await request.json())
      } catch (error) {
        return text(error instanceof SyntaxError ? 'caught' : 'something else')
      }
    }
    const served = await Served.start({ routes: { 'POST /': handler } })
    const far = served.connect()
    far.send(post('/', '{"a":'))
    await settled()
    assert.match(far.received, /^HTTP\/1\.1 200 .*caught$/s)
    assert.deepEqual(served.alarms, [])
  })

  const unavailable: [rule: UnavailableRule, retry: string, outcome: string, alarms: string[]][] = [
    ['queue-full', 'with Retry-After', 'rejected', []],
    ['queue-timeout', 'with Retry-After', 'rejected', []],
    ['threads-crash', 'with Retry-After', 'rejected', []],
    ['thread-lost', 'without Retry-After', 'failed', ['handler failed']],
  ]
  for (const [rule, retry, outcome, alarms] of unavailable) {
    it(`answers 503 ${retry} when a handler is unavailable (${rule}), and keeps the connection open`, async () => {
      let times = 0
      const { received, served } = await answerOf(
        () => {
          if (++times === 2) return 'served'
          throw new Unavailable(rule, 'a secret')
        },
        get('/') + get('/'),
      )
      assert.deepEqual(statuses(received), [503, 200])
      assert.equal(received.includes('\r\nRetry-After: 1\r\n'), retry === 'with Retry-After')
      assert.notInclude(received, 'secret')
      assert.deepEqual(served.outcomes, [outcome, 'completed'])
      assert.deepEqual(served.alarms, alarms)
      assert.deepEqual(served.metrics.snapshot().rejections, { [rule]: 1 })
    })
  }

  it('records the thread of the handler in the access log', async () => {
    class Threads extends FakeEngine {
      override run(target: PlacedHandler, request: EngineRequest): Answer | Promise<Answer> {
        request.thread = 2
        return super.run(target, request)
      }
    }
    const served = await Served.start({ routes: { 'GET /': () => 'x' }, engine: new Threads() })
    served.connect().send(get('/') + get('/nowhere'))
    await settled()
    assert.deepEqual(
      served.accessLog.exchanges.map(({ thread }) => thread),
      [2, 0],
    )
  })

  it('records the route, never the path, as the name of a route', async () => {
    const served = await Served.start({ routes: { 'GET /users/:id': () => 'x' } })
    served.connect().send(get('/users/7') + get('/elsewhere'))
    await settled()
    assert.deepEqual(
      served.accessLog.exchanges.map(({ routeName, target }) => [routeName, target]),
      [
        ['GET /users/:id', '/users/7'],
        ['<unmatched>', '/elsewhere'],
      ],
    )
  })
})
