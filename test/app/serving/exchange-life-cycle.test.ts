import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { file, stream } from '../../../src/domain/message/response-makers.js'
import type { Request } from '../../../src/ports/plugins/plugin.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { get, post } from '../../wire/requests.js'
import { Held, Served, settled, statuses } from './served.js'

const { handlerTimeoutMs, idleSweepIntervalMs: SWEEP_MS } = DEFAULT_SETTINGS

describe('a stream to a peer that waits for 100 Continue', () => {
  const asking = (method: string): string =>
    post('/', 'content', 'Expect: 100-continue').replace('POST', method).slice(0, -7)

  it('cuts the connection and is logged when it throws at once', async () => {
    const fails = (): AsyncIterator<string> => {
      throw new Error('at once')
    }
    const streams: AsyncIterable<string>[] = [
      { [Symbol.asyncIterator]: fails },
      { [Symbol.asyncIterator]: () => ({ next: fails as unknown as () => Promise<IteratorResult<string>> }) },

      (async function* (): AsyncGenerator<string> {
        throw new Error('at once')
      })(),
    ]
    for (const pieces of streams) {
      const served = await Served.start({ routes: { 'POST /': () => stream(pieces) } })
      const far = served.connect()
      far.send(asking('POST'))
      await settled()
      assert.isTrue(far.cut)
      assert.deepEqual(served.outcomes, ['failed'])
      assert.lengthOf(served.alarms, 1)
      assert.equal(served.metrics.snapshot().requests.inFlight, 0)
    }
  })

  const without: [rule: string, method: string, status: number][] = [
    ['HEAD', 'HEAD', 200],
    ['a status without content', 'POST', 204],
  ]
  for (const [rule, method, status] of without) {
    it(`is not begun for ${rule}`, async () => {
      let begun = false
      const pieces = async function* (): AsyncGenerator<string> {
        begun = true
        yield 'piece'
      }
      const handler = () => stream(pieces(), { status })
      const served = await Served.start({ routes: { 'GET /': handler, 'POST /': handler } })
      const far = served.connect()
      far.send(asking(method))
      await settled()
      assert.deepEqual(statuses(far.received), [status])
      assert.isFalse(begun)
    })
  }
})

describe('a stream that is not sent', () => {
  /** A stream that is not read, and whether it was ended. */
  interface Unsent {
    readonly pieces: AsyncIterable<string> | Iterable<string>
    ended(): boolean
  }

  const generatorOf = (end: () => Promise<IteratorResult<string>>): Unsent => {
    let ended = false
    const pieces = {
      [Symbol.asyncIterator]: () => pieces,
      next: () => Promise.resolve({ done: false as const, value: 'piece' }),
      return: () => {
        ended = true
        return end()
      },
    }
    return { pieces, ended: () => ended }
  }

  const kinds: [rule: string, make: () => Unsent][] = [
    [
      'a Node stream is destroyed',
      () => {
        const pieces = Readable.from(['piece'])
        return { pieces, ended: () => pieces.destroyed }
      },
    ],
    [
      'a web stream is cancelled',
      () => {
        let cancelled = false
        const pieces = new ReadableStream<string>({ cancel: () => void (cancelled = true) })
        return { pieces, ended: () => cancelled }
      },
    ],
    ['return() of a generator is called', () => generatorOf(() => Promise.resolve({ done: true, value: undefined }))],
    ['return() of a generator may reject', () => generatorOf(() => Promise.reject(new Error('cannot return')))],
    [
      'return() of a generator may throw',
      () =>
        generatorOf(() => {
          throw new Error('cannot return')
        }),
    ],
  ]
  for (const [rule, make] of kinds) {
    it(`is ended for HEAD: ${rule}`, async () => {
      const unsent = make()
      const served = await Served.start({ routes: { 'GET /': () => stream(unsent.pieces) } })
      const far = served.connect()
      far.send(get('/').replace('GET', 'HEAD'))
      await settled()
      assert.isTrue(unsent.ended())
      assert.deepEqual([statuses(far.received), far.cut, served.alarms], [[200], false, []])
    })

    it(`is ended when the answer is too late: ${rule}`, async () => {
      const unsent = make()
      const held = new Held()
      const served = await Served.start({ routes: { 'GET /': held.handler } })
      const far = served.connect()
      far.send(get('/'))
      await served.pass(handlerTimeoutMs + SWEEP_MS)
      await held.answer(stream(unsent.pieces))
      assert.isTrue(unsent.ended())
      assert.deepEqual([statuses(far.received), far.cut], [[504], false])
      assert.deepEqual(served.alarms, ['handler timed out', 'late response dropped'])
    })
  }

  it('does not block other connections when it yields empty pieces without end', async () => {
    let made = 0
    const nothing = function* (): Generator<string> {
      // Bounded, so that a server that is starved fails the test and does not hang it.
      while (made++ < 100_000) yield ''
    }
    const served = await Served.start({ routes: { 'GET /nothing': () => stream(nothing()), 'GET /': async () => 'x' } })
    const [starving, other] = [served.connect(), served.connect()]
    starving.send(get('/nothing'))
    other.send(get('/'))
    await settled()
    assert.deepEqual(statuses(other.received), [200])
    assert.isBelow(made, 1000)
    starving.reset()
    await settled()
    assert.deepEqual(served.outcomes, ['completed', 'aborted'])
  })
})

describe('content that is asked for too late', () => {
  it('cannot be read, and causes no 100 Continue for the request that follows', async () => {
    const held = new Held()
    const requests: Request[] = []
    const served = await Served.start({
      routes: { 'POST /': (request) => (requests.push(request), 'done'), 'POST /held': held.handler },
    })
    const far = served.connect()
    far.send(post('/', 'content'))
    far.send(post('/held', 'content', 'Expect: 100-continue').slice(0, -7))
    far.take()
    const failure = await requests[0]!.bytes().catch((error: unknown) => error)
    await settled()
    assert.instanceOf(failure, Error)
    assert.equal(far.take(), '')
    const content = held.requests[0]!.text()
    await settled()
    assert.equal(far.take(), 'HTTP/1.1 100 Continue\r\n\r\n')
    far.send('content')
    assert.equal(await content, 'content')
  })

  it('fails for a handler that still waits for it when its response is complete', async () => {
    const reads: Promise<unknown>[] = []
    const served = await Served.start({
      routes: { 'POST /': (request) => (reads.push(request.bytes().catch((error: unknown) => error)), 'done') },
    })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    assert.instanceOf(await reads[0], Error)
    far.send('t' + post('/', ''))
    await settled()
    assert.deepEqual(statuses(far.received), [200, 200])
  })
})

describe('a file that is shorter than its response promised', () => {
  const lacking: [rule: string, length: number, stalled: boolean, outcome: string][] = [
    ['fails the exchange when it is in progress', 100_000, true, 'failed'],
    ['is logged even when the exchange is over', 1000, false, 'completed'],
  ]
  for (const [rule, length, stalled, outcome] of lacking) {
    it(rule, async () => {
      const served = await Served.start({
        routes: { 'GET /': () => file('f') },
        files: { f: { content: 'x'.repeat(length) } },
      })
      const far = served.connect({ readFile: () => Buffer.from('few') })
      if (stalled) far.stall()
      far.send(get('/'))
      await settled()
      far.read()
      await settled()
      assert.deepEqual([served.outcomes, served.alarms], [[outcome], ['content too short']])
      assert.isTrue(far.cut)
    })
  }

  it('is not confused with a connection that the server cuts', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    served.connect().send(get('/'))
    served.server.force()
    await settled()
    assert.deepEqual([served.outcomes, served.alarms], [['cut'], []])
  })
})
