import { assert } from 'chai'
import { after, before, describe, it } from 'mocha'
import { BadContentError } from '../../src/domain/message/bad-content-error.js'
import type { FileReference, Response, StreamedContent } from '../../src/domain/message/response.js'
import type { Engine } from '../../src/ports/serving/engine.js'
import type { Answer } from '../../src/ports/plugins/plugin.js'
import { EngineBench, failure, piecesOf, type RequestInit, turns } from './engine-bench.js'
import { eventually } from '../support/waiting.js'

/** The contract of every engine. */
export function engineContract(name: string, make: () => Engine): void {
  describe(`${name} keeps the contract of an engine`, () => {
    const bench = new EngineBench(make())
    before(() => bench.start())
    after(() => bench.stop())

    const run = (key: string, init?: RequestInit): Promise<Answer> => bench.run(key, init)
    const respond = async (key: string, init?: RequestInit): Promise<Response> => (await run(key, init)) as Response
    const stream = async (key: string, init?: RequestInit): Promise<AsyncIterator<Uint8Array | string>> =>
      piecesOf(await respond(key, init))[Symbol.asyncIterator]()

    it('has a name, and no trouble', () => {
      assert.match(bench.engine.name, /^[a-z]+$/)
      assert.isNull(bench.engine.trouble)
      const { threads } = bench.engine
      if (threads !== null) assert.deepEqual([threads.configured, threads.ready], [2, 2])
    })

    it('passes a handler its request', async () => {
      const { content } = await respond('GET /users/:id/*', {
        target: '/users/7/a%2Fb?q=1&q=%20',
        path: '/users/7/a%2Fb',
      })
      assert.deepEqual(JSON.parse(content as string), {
        method: 'GET',
        target: '/users/7/a%2Fb?q=1&q=%20',
        path: '/users/7/a%2Fb',
        query: [
          ['q', '1'],
          ['q', ' '],
        ],
        params: { id: '7', '*': 'a/b' },
        headers: [
          ['host', 'a'],
          ['x-latin', 'é'],
        ],
        id: 'r-1',
        traceId: '0'.repeat(32),
        peer: '192.0.2.1:5',
      })
    })

    it('passes params without a prototype', async () => {
      assert.equal((await respond('GET /prototype/:id')).content, 'null')
    })

    it('returns a bare string: at once, from a promise, and after a delay', async () => {
      assert.equal(await run('GET /string'), 'ünd ☃')
      assert.equal(await run('GET /promise'), 'later')
      assert.equal(await run('GET /timer'), 'after a while')
    })

    it('returns a response with its status and fields', async () => {
      const { status, fields, content } = await respond('GET /text')
      assert.deepEqual([status, content], [201, 'hello'])
      assert.equal(
        fields.wire,
        'X-A: b\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Type: text/plain; charset=utf-8\r\n',
      )
      assert.equal(fields.get('x-a'), 'b')
      const nothing = await respond('GET /empty')
      assert.deepEqual([nothing.status, nothing.content], [204, null])
    })

    it('returns octets, and leaves the handler its own', async () => {
      for (let time = 0; time < 2; time++) {
        const octets = (await respond('GET /octets')).content as Uint8Array
        assert.equal(Buffer.from(octets).toString(), 'octets of a pool')
        assert.equal(((await respond('GET /large')).content as Uint8Array).length, 100_000)
      }
      assert.equal((await respond('GET /kept')).content, 'octets of a pool true 100000 65536')
    })

    it('returns a file as its description', async () => {
      const { content, fields } = await respond('GET /file')
      const reference: FileReference = { kind: 'file', path: 'a/b.txt', root: '/srv', precompressed: true }
      assert.deepEqual(content, reference)
      assert.equal(fields.get('X-A'), 'b')
    })

    it('makes no promise for an inline handler that returns none', () => {
      assert.equal(bench.runNow('GET /inline'), 'now')
    })

    for (const key of ['GET /throws', 'GET /throws-inline', 'GET /rejects']) {
      it(`throws what the handler of ${key} throws`, async () => {
        const error = (await failure(() => run(key))) as Error & { code: string }
        assert.instanceOf(error, Error)
        assert.deepEqual([error.name, error.message, error.code], ['TypeError', 'at once', 'E_ODD'])
        assert.include(error.stack, 'handlers')
        assert.equal((error.cause as Error).message, 'root')
      })
    }

    it('throws a value that is not an error as well', async () => {
      assert.equal(await failure(() => run('GET /throws-text')), 'a text')
    })

    it('throws a BadContentError as one', async () => {
      assert.instanceOf(await failure(() => run('POST /bad-json', { content: ['{"a":'] })), BadContentError)
      assert.equal((await respond('POST /caught', { content: ['{"a":'] })).content, 'true true')
    })

    it('passes a handler the whole content, and its trailers', async () => {
      const pieces = [Buffer.alloc(300_000, 'a'), Buffer.from('b')]
      const { content } = await respond('POST /bytes', { content: pieces })
      assert.isTrue(Buffer.concat(pieces).equals(content as Uint8Array))
      const trailers = [['x-sum', '7']] as const
      const both = await respond('POST /trailers', { content: ['abc'], trailers })
      assert.deepEqual(JSON.parse(both.content as string), ['abc', ['x-sum', '7']])
    })

    it('does not ask a peer that expects 100 Continue for content before the handler does', async () => {
      const asked: string[] = []
      const init = { content: ['abc'], expectsContinue: true, asked: () => asked.push('asked') }
      assert.equal(await run('POST /ignored', init), 'ignored')
      assert.deepEqual(asked, [])
      assert.equal(Buffer.from((await respond('POST /bytes', init)).content as Uint8Array).toString(), 'abc')
      assert.isAbove(asked.length, 0)
    })

    it('knows whether the handler waits for content', async () => {
      const { request } = bench.begin('POST /waits', { content: [], isSlow: true })
      await bench.event('waits')
      await turns(20)
      assert.isFalse(request.content.isAwaited, 'a handler that does not read does not wait for content')
      request.abort(new Error('enough'))
      const reading = bench.begin('POST /bytes', { content: [], isSlow: true })
      await eventually('the handler waits for content', () => reading.request.content.isAwaited)
      reading.request.content.end()
      assert.lengthOf(((await reading.answer) as Response).content as Uint8Array, 0)
    })

    it('fails the content that a handler reads if it breaks off', async () => {
      assert.equal(await run('POST /failing', { content: ['a'], failure: new Error('cut off') }), 'true cut off')
    })

    it('does not read content from the peer while the handler does not read it', async () => {
      let asked = 0
      const endless = Array<Buffer>(1000).fill(Buffer.alloc(65_536))
      const pieces = await stream('POST /echo', { content: endless, asked: () => asked++ })
      await pieces.next()
      await turns(20)
      assert.isBelow(asked, 30)
      await pieces.return?.()
    })

    it('returns a stream, piece by piece', async () => {
      const { content, fields } = await respond('GET /pieces')
      assert.equal((content as StreamedContent).length, 4)
      assert.equal(fields.get('content-type'), 'text/odd')
      const pieces: Buffer[] = []
      for await (const piece of (content as StreamedContent).pieces) pieces.push(Buffer.from(piece as string))
      assert.equal(Buffer.concat(pieces).toString(), 'abü')
    })

    it('lets a stream run at most a window ahead of its reader, and ends one that is not read to its end', async () => {
      const pieces = await stream('GET /counted')
      for (let taken = 0; taken < 3; taken++) assert.lengthOf((await pieces.next()).value as Uint8Array, 65_536)
      await pieces.return?.()
      const made = (await bench.event('counted ended')).facts['made'] as number
      assert.isAtLeast(made, 2)
      assert.isAtMost(made, 10)
    })

    it('streams content back while it arrives', async () => {
      const sent = Array.from({ length: 40 }, (_, at) => Buffer.alloc(40_000, String(at)))
      const pieces = await stream('POST /echo', { content: sent })
      const received: Uint8Array[] = []
      for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) {
        received.push(next.value as Uint8Array)
      }
      assert.isTrue(Buffer.concat(received).equals(Buffer.concat(sent)))
    })

    it('throws the error of a stream after the pieces before it', async () => {
      const pieces = await stream('GET /failing')
      assert.equal(Buffer.from((await pieces.next()).value as string).toString(), 'a piece')
      assert.equal(((await failure(() => pieces.next())) as Error).message, 'broken stream')
    })

    it('aborts the signal when the request is aborted, with the reason', async () => {
      const { request } = bench.begin('GET /waits')
      await turns(5)
      request.abort(new Error('the peer left'))
      assert.deepInclude((await bench.event('aborted')).facts, { request: 'r-1', reason: 'the peer left' })
      await eventually('no request is in flight', () => (bench.engine.threads?.inFlight ?? 0) === 0)
    })

    it('writes the log lines of handlers to the log, with errors as errors', async () => {
      await run('GET /log')
      const { level, facts } = await bench.event('an event')
      assert.equal(level, 'warn')
      assert.deepInclude(facts, { request: 'r-1', a: 1, object: { b: [true, null] }, big: 5n })
      const error = facts['error'] as Error & { code: string }
      assert.instanceOf(error, Error)
      assert.deepEqual([error.name, error.message, error.code], ['TypeError', 'at once', 'E_ODD'])
      assert.equal((error.cause as Error).message, 'root')
    })

    it('passes plugins their context, wherever they are loaded', async () => {
      const { request, answer } = bench.begin('GET /context')
      const [thread, phase, unready, engine, workers] = JSON.parse(
        ((await answer) as Response).content as string,
      ) as unknown[]
      assert.deepEqual([phase, unready, engine, workers], ['running', null, 'asked', 1])
      assert.equal(request.thread, thread)
    })

    it('passes plugins changes of the state of the service', async () => {
      bench.phase = 'draining'
      bench.unready = 'draining'
      await eventually('the thread has the new state', async () => {
        const [, phase, unready] = JSON.parse((await respond('GET /context')).content as string) as unknown[]
        return phase === 'draining' && unready === 'draining'
      })
    })

    it('runs handlers concurrently: one that waits delays no other', async () => {
      const { request } = bench.begin('GET /waits')
      const many = await Promise.all(Array.from({ length: 50 }, () => run('GET /string')))
      assert.deepEqual(new Set(many), new Set(['ünd ☃']))
      request.abort(new Error('enough'))
    })

    it('has an empty queue while no request waits', () => {
      assert.equal(bench.engine.queue.length, 0)
      assert.isAtLeast(bench.engine.queue.capacity, 0)
    })
  })
}
