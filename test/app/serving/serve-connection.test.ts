import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Readable } from 'node:stream'
import { ReadableStream } from 'node:stream/web'
import { bytes, file, stream, text } from '../../../src/domain/message/response-makers.js'
import type { Handler, Request } from '../../../src/ports/plugins/plugin.js'
import { turn } from '../../fakes/fake-transport.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { get, Held, post, Served, settled, statuses } from './served.js'

const { headTimeoutMs, bodyTimeoutMs, writeTimeoutMs, handlerTimeoutMs, keepAliveTimeoutMs } = DEFAULT_SETTINGS
const SWEEP_MS = DEFAULT_SETTINGS.idleSweepIntervalMs

/** A stall is below any rate: without one, only the deadline for stalls is left. */
const NO_RATE = { minRate: 0 }

const echo: Handler = async (request) => bytes(await request.bytes())
const echoStream: Handler = (request) => stream(request.content)

/** A stream that the test feeds. */
class Fed {
  made = 0
  ended = false
  private wake = (): void => {}
  private readonly pieces: string[] = []

  feed(piece: string): Promise<void> {
    this.pieces.push(piece)
    this.wake()
    return settled()
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<string> {
    try {
      for (;;) {
        for (let piece = this.pieces.shift(); piece !== undefined; piece = this.pieces.shift()) {
          this.made++
          yield piece
        }
        await new Promise<void>((resolve) => (this.wake = resolve))
      }
    } finally {
      this.ended = true
    }
  }
}

/** Pieces without end, and how many were made. */
class Endless {
  made = 0
  ended = false;

  *[Symbol.iterator](): Generator<string> {
    try {
      for (;;) {
        this.made++
        yield 'x'.repeat(1000)
      }
    } finally {
      this.ended = true
    }
  }
}

describe('the plain path', () => {
  it('answers a handler that returns a value before octets() returns', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    far.send(get('/'))
    assert.deepEqual(statuses(far.received), [200])
    assert.deepEqual(served.outcomes, ['completed'])
    assert.lengthOf(far.writes, 1, 'head and content leave in one write')
  })

  it('answers requests pipelined in one read in one write, in order', async () => {
    const served = await Served.start({ routes: { 'GET /:n': ({ params }) => `<${params['n'] ?? ''}>` } })
    const far = served.connect()
    far.send(get('/1') + get('/2') + get('/3') + get('/nowhere/4') + get('/5'))
    assert.lengthOf(far.writes, 1)
    assert.deepEqual(far.received.match(/<\d>/g), ['<1>', '<2>', '<3>', '<5>'])
    assert.deepEqual(statuses(far.received), [200, 200, 200, 404, 200])
  })

  it('sets no timer for a request', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const before = served.clock.pending
    served.connect().send(get('/'))
    assert.equal(served.clock.pending, before)
  })

  it('tells the access log what it did', async () => {
    const served = await Served.start({ routes: { 'GET /a/:b': () => 'four' } })
    const far = served.connect({ peer: { address: '2001:db8::1', port: 5 } })
    const request = get('/a/b?c', 'traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01')
    far.send(request)
    const [exchange] = served.accessLog.exchanges
    assert.deepInclude(exchange, {
      connection: 1,
      phase: 'running',
      peer: '[2001:db8::1]:5',
      method: 'GET',
      target: '/a/b?c',
      status: 200,
      bytesIn: request.length,
      bytesOut: far.received.length,
      outcome: 'completed',
    })
    assert.include(far.received, `X-Request-Id: ${exchange!.request}\r\n`)
    assert.equal(served.accessLog.exchanges[0]?.trace, '4bf92f3577b34da6a3ce929d0e0e4736')
  })

  it('closes after maxKeepAliveRequests, the last response saying so', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' }, settings: { maxKeepAliveRequests: 3 } })
    const far = served.connect()
    far.send(get('/').repeat(5))
    assert.deepEqual(far.received.match(/(?:Connection: close|max=\d+)/g), ['max=2', 'max=1', 'Connection: close'])
    assert.isTrue(far.ended)
    assert.equal(served.metrics.snapshot().requests.total, 3)
  })

  it('closes after no number of requests when the bound is 0', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' }, settings: { maxKeepAliveRequests: 0 } })
    const far = served.connect()
    for (let round = 0; round < 30; round++) far.send(get('/').repeat(50))
    assert.lengthOf(statuses(far.received), 1500)
    assert.isFalse(far.ended)
  })
})

describe('deadlines', () => {
  it('a head that does not come to its end is 408', async () => {
    const served = await Served.start({})
    const far = served.connect()
    far.send('GET / HTTP/1.1\r\n')
    for (let passed = 0; passed < headTimeoutMs - SWEEP_MS; passed += SWEEP_MS) {
      await served.pass(SWEEP_MS)
      far.send('X: y\r\n')
    }
    assert.equal(far.received, '')
    await served.pass(2 * SWEEP_MS)
    assert.deepEqual(statuses(far.received), [408])
    assert.isTrue(far.ended)
    assert.deepEqual(served.outcomes, ['timed-out'])
    assert.equal(served.metrics.snapshot().rejections['timeout'], 1)
  })

  it('the time of a head runs from its first octet, however long the connection was idle', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    await served.pass(headTimeoutMs * 2)
    far.send('GET / HTTP')
    await served.pass(headTimeoutMs - 2 * SWEEP_MS)
    far.send('/1.1\r\nHost: a\r\n\r\n')
    assert.deepEqual(statuses(far.received), [200])
  })

  it('an idle connection is closed in silence', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const [never, once] = [served.connect(), served.connect()]
    await served.pass(keepAliveTimeoutMs / 2)
    once.send(get('/'))
    once.take()
    await served.pass(keepAliveTimeoutMs / 2 + SWEEP_MS)
    assert.deepEqual([never.ended, never.received, never.cut], [true, '', false])
    assert.isFalse(once.ended)
    await served.pass(keepAliveTimeoutMs / 2)
    assert.deepEqual([once.ended, once.take(), once.cut], [true, '', false])
    assert.lengthOf(served.outcomes, 1)
  })

  it('a peer that does not close its side after we closed ours is given up, without a reset', async () => {
    const served = await Served.start({})
    const far = served.connect()
    await served.pass(keepAliveTimeoutMs + SWEEP_MS)
    assert.isFalse(far.closed)
    await served.pass(10_000)
    assert.deepEqual([far.closed, far.cut], [true, false])
  })

  it('a body that stalls is 408, and the handler learns of it', async () => {
    const requests: Request[] = []
    const served = await Served.start({
      routes: { 'POST /': (request) => (requests.push(request), echo(request)) },
      settings: NO_RATE,
    })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    await settled()
    await served.pass(bodyTimeoutMs - SWEEP_MS)
    assert.equal(far.received, '')
    await served.pass(2 * SWEEP_MS)
    assert.deepEqual(statuses(far.received), [408])
    assert.isTrue(far.ended)
    assert.isTrue(requests[0]!.signal.aborted)
    assert.deepEqual(served.outcomes, ['timed-out'])
    far.send('t' + get('/'))
    await settled()
    assert.deepEqual(statuses(far.received), [408], 'nothing is read any more')
  })

  it('a body below the minimum rate is 408 after the grace', async () => {
    const served = await Served.start({
      routes: { 'POST /': echo },
      settings: { minRate: 100, minRateGraceMs: 10_000 },
    })
    const far = served.connect()
    far.send(post('/', 'x'.repeat(10_000)).slice(0, -10_000))
    for (let second = 0; second < 9; second++) {
      far.send('x'.repeat(50))
      await settled() // the handler takes it at once
      await served.pass(1000)
    }
    assert.equal(far.received, '')
    far.send('x'.repeat(50))
    await settled()
    await served.pass(2000)
    assert.deepEqual(statuses(far.received), [408])
  })

  it('a body above the minimum rate may take its time', async () => {
    const settings = { minRate: 100, minRateGraceMs: 10_000, handlerTimeoutMs: 1_000_000 }
    const served = await Served.start({ routes: { 'POST /': echo }, settings })
    const far = served.connect()
    far.send(post('/', 'x'.repeat(15_000)).slice(0, -15_000))
    for (let second = 0; second < 100; second++) {
      far.send('x'.repeat(150))
      await served.pass(1000)
    }
    assert.deepEqual(statuses(far.received), [200])
  })

  it('a body that nobody asks for has no deadline: the handler has', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'POST /': held.handler }, settings: { handlerTimeoutMs: 100_000 } })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    await served.pass(bodyTimeoutMs * 2)
    assert.equal(far.received, '')
    await held.answer('done')
    assert.deepEqual(statuses(far.received), [200])
  })

  it('a body that stalls behind its response closes the connection', async () => {
    const served = await Served.start({ routes: { 'POST /': () => 'done' } })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    assert.deepEqual(statuses(far.received), [200])
    await served.pass(bodyTimeoutMs + 2 * SWEEP_MS)
    assert.deepEqual(statuses(far.received), [200], 'no second response')
    assert.isTrue(far.ended)
  })

  it('a body that stalls inside a response that has begun cuts it', async () => {
    const served = await Served.start({ routes: { 'POST /': echoStream } })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    await settled()
    await served.pass(bodyTimeoutMs + 2 * SWEEP_MS)
    assert.include(far.received, 'conten')
    assert.notInclude(far.received, '\r\n0\r\n\r\n')
    assert.deepEqual(statuses(far.received), [200])
    assert.isTrue(far.cut)
  })

  it('a reader that stalls is cut', async () => {
    const endless = new Endless()
    const served = await Served.start({ routes: { 'GET /': () => stream(endless) }, settings: NO_RATE })
    const far = served.connect()
    far.stall()
    far.send(get('/'))
    await settled()
    await served.pass(writeTimeoutMs - SWEEP_MS)
    assert.isFalse(far.cut)
    await served.pass(2 * SWEEP_MS)
    assert.isTrue(far.cut)
    assert.isTrue(endless.ended, 'the generator is closed')
    assert.deepEqual(served.outcomes, ['timed-out'])
  })

  it('a reader of a file that stalls is cut, and the file closed', async () => {
    const served = await Served.start({
      routes: { 'GET /': () => file('big') },
      files: { big: { content: 'x'.repeat(100_000) } },
    })
    const far = served.connect()
    far.stall()
    far.send(get('/'))
    await settled()
    assert.equal(served.files.openCount, 1)
    await served.pass(writeTimeoutMs + 2 * SWEEP_MS)
    assert.isTrue(far.cut)
    assert.equal(served.files.openCount, 0)
  })

  it('a handler that does not settle is 504, its signal aborts, and its late answer is dropped', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /held': held.handler, 'GET /': () => 'x' } })
    const far = served.connect()
    far.send(get('/held') + get('/'))
    const { signal } = held.requests[0]!
    await served.pass(handlerTimeoutMs - SWEEP_MS)
    assert.deepEqual([far.received, signal.aborted], ['', false])
    await served.pass(2 * SWEEP_MS)
    assert.deepEqual(statuses(far.received), [504, 200], 'the next request is served')
    assert.isTrue(signal.aborted)
    assert.equal(served.metrics.snapshot().requests.inFlight, 0)
    const before = far.received
    await held.answer('late')
    assert.equal(far.received, before)
    assert.include(served.alarms, 'late response dropped')
    assert.deepEqual(served.outcomes, ['timed-out', 'completed'])
  })

  it('a file that a handler answers with too late is given back', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler }, files: { a: { content: 'abc' } } })
    served.connect().send(get('/'))
    await served.pass(handlerTimeoutMs + SWEEP_MS)
    await held.answer(file('a'))
    assert.equal(served.files.openCount, 0)
  })

  it('a handler that fails too late changes nothing', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    const far = served.connect()
    far.send(get('/'))
    await served.pass(handlerTimeoutMs + SWEEP_MS)
    await held.fail(new Error('late'))
    assert.deepEqual(statuses(far.received), [504])
    assert.deepEqual(served.outcomes, ['timed-out'])
  })

  const long: [rule: string, head: readonly string[]][] = [
    ['came in one piece', [get('/')]],
    ['came in two pieces', [get('/').slice(0, 10), get('/').slice(10)]],
  ]
  for (const [rule, pieces] of long) {
    it(`a stream that goes on for long is left alone when its head ${rule}`, async () => {
      const fed = new Fed()
      const served = await Served.start({ routes: { 'GET /': () => stream(fed) } })
      const far = served.connect()
      for (const piece of pieces) far.send(piece)
      for (let second = 0; second < 200; second++) {
        await served.pass(1000)
        await fed.feed(`piece ${second}`)
      }
      assert.include(far.received, 'piece 199')
      assert.deepEqual([far.ended, far.cut], [false, false])
    })
  }

  it('a stream that is silent for long is left alone: its handler is not overdue, and the peer owes nothing', async () => {
    const fed = new Fed()
    const served = await Served.start({ routes: { 'GET /': () => stream(fed) } })
    const far = served.connect()
    far.send(get('/'))
    await served.pass(200_000)
    await fed.feed('at last')
    assert.include(far.received, 'at last')
    assert.deepEqual([far.ended, far.cut], [false, false])
  })

  it('an upload that is echoed for long is left alone', async () => {
    const served = await Served.start({ routes: { 'POST /': echoStream } })
    const far = served.connect()
    far.send(post('/', 'x'.repeat(200_000)).slice(0, 20))
    far.send(post('/', 'x'.repeat(200_000)).slice(20, -200_000))
    for (let second = 0; second < 200; second++) {
      far.send('x'.repeat(1000))
      await served.pass(1000)
    }
    assert.isTrue(far.received.endsWith('\r\n0\r\n\r\n'))
    assert.isFalse(far.cut)
  })

  it('the idle time runs from the end of the response, not from the request', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler }, settings: { handlerTimeoutMs: 200_000 } })
    const far = served.connect()
    far.send(get('/'))
    await served.pass(70_000)
    await held.answer('x')
    await served.pass(70_000)
    assert.isFalse(far.ended)
    await served.pass(10_000)
    assert.isTrue(far.ended)
  })

  it('a peer that still reads the last response is not cut for not closing its side', async () => {
    const served = await Served.start({ routes: { 'GET /': () => bytes(Buffer.alloc(1_000_000)) }, settings: NO_RATE })
    const far = served.connect()
    far.stall()
    far.send(get('/', 'Connection: close'))
    await settled()
    await served.pass(writeTimeoutMs - 2 * SWEEP_MS)
    assert.isFalse(far.cut)
    far.read()
    await settled()
    assert.isTrue(far.ended)
    assert.isAbove(far.received.length, 1_000_000)
  })
})

describe('back-pressure', () => {
  it('pipelined requests behind one that waits are bounded: reading pauses', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler, 'GET /quick': () => 'x' } })
    const far = served.connect()
    const quick = get('/quick').repeat(100)
    far.send(get('/') + quick)
    const before = served.metrics.bytesIn
    for (let round = 0; round < 10; round++) far.send(quick)
    assert.isAtMost(served.metrics.bytesIn - before, 16_384 + quick.length, 'at most one more read')
    assert.lengthOf(held.requests, 1)
    await held.answer('done')
    assert.equal(statuses(far.received).length, 1 + (DEFAULT_SETTINGS.maxKeepAliveRequests - 1))
  })

  it('one handler at a time runs for a connection', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    const far = served.connect()
    far.send(get('/') + get('/'))
    assert.lengthOf(held.requests, 1)
    await held.answer('one')
    assert.lengthOf(held.requests, 2)
    await held.answer('two')
    assert.match(far.received, /one.*two$/s)
  })

  it('a reader that is slow stops a generator, and one that reads on wakes it', async () => {
    const endless = new Endless()
    const served = await Served.start({ routes: { 'GET /': () => stream(endless) } })
    const far = served.connect({ highWaterMark: 10_000 })
    far.stall()
    far.send(get('/'))
    await settled()
    assert.isAtMost(endless.made, 12)
    const before = endless.made
    await settled()
    assert.equal(endless.made, before)
    far.read()
    await turn()
    await turn()
    assert.isAbove(endless.made, before)
    far.reset()
    await settled()
    assert.isTrue(endless.ended)
  })

  it('requests behind a reader that is slow are not served: their responses would heap up', async () => {
    let served = 0
    const server = await Served.start({ routes: { 'GET /': () => (served++, text('x'.repeat(1000))) } })
    const far = server.connect({ highWaterMark: 10_000 })
    far.stall()
    far.send(get('/').repeat(500))
    assert.isAtMost(served, 12)
    far.read()
    for (let round = 0; round < 60; round++) await settled()
    assert.equal(served, 500)
    assert.lengthOf(statuses(far.received), 500)
  })

  it('content is not read before it is asked for', async () => {
    const held = new Held()
    const server = await Served.start({ routes: { 'POST /': held.handler } })
    const far = server.connect()
    far.send(post('/', 'x'.repeat(1_000_000)), 10_000)
    await settled()
    assert.isAtMost(server.metrics.bytesIn, 20_000)
    const bytes = held.requests[0]!.bytes()
    await settled()
    assert.isAbove(server.metrics.bytesIn, 1_000_000)
    assert.lengthOf(await bytes, 1_000_000)
    await held.answer('done')
    assert.deepEqual(statuses(far.received), [200])
  })

  it('content is taken at the pace of the handler that reads it', async () => {
    const held = new Held()
    const server = await Served.start({ routes: { 'POST /': held.handler } })
    const far = server.connect()
    far.send(post('/', 'x'.repeat(1_000_000)), 10_000)
    const pieces = held.requests[0]!.content[Symbol.asyncIterator]()
    await pieces.next()
    await pieces.next()
    await settled()
    assert.isAtMost(server.metrics.bytesIn, 60_000)
    await held.answer('enough')
    assert.deepEqual(statuses(far.received), [200])
    assert.isTrue(far.ended, 'what is left is too much to read on to the next request')
  })

  it('an echo is taken at the pace of its reader', async () => {
    const server = await Served.start({ routes: { 'POST /': echoStream } })
    const far = server.connect({ highWaterMark: 20_000 })
    far.stall()
    far.send(post('/', 'x'.repeat(1_000_000)), 10_000)
    await settled()
    assert.isAtMost(server.metrics.bytesIn, 60_000)
    far.read()
    for (let round = 0; round < 100; round++) await settled()
    assert.equal(server.metrics.bytesIn, post('/', 'x'.repeat(1_000_000)).length)
    assert.isTrue(far.received.endsWith('\r\n0\r\n\r\n'))
  })

  it('100 Continue is sent when content is asked for, not before', async () => {
    const held = new Held()
    const server = await Served.start({ routes: { 'POST /': held.handler } })
    const far = server.connect()
    far.send(post('/', 'content', 'Expect: 100-continue').slice(0, -7))
    await settled()
    assert.equal(far.received, '')
    const content = held.requests[0]!.text()
    await settled()
    assert.equal(far.take(), 'HTTP/1.1 100 Continue\r\n\r\n')
    far.send('content')
    assert.equal(await content, 'content')
    await held.answer('done')
    assert.deepEqual(statuses(far.received), [200])
  })
})

describe('a peer that leaves', () => {
  it('aborts the signal of its handler, whose late answer is dropped', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    const far = served.connect()
    far.send(get('/'))
    far.reset()
    assert.isTrue(held.requests[0]!.signal.aborted)
    assert.deepEqual(served.outcomes, ['aborted'])
    await held.answer('late')
    assert.deepInclude(served.metrics.snapshot().connections, { active: 0 })
    assert.equal(served.metrics.snapshot().requests.inFlight, 0)
  })

  it('ends the stream that is on its way, and whatever it waits for can learn of it', async () => {
    const fed = new Fed()
    const requests: Request[] = []
    const served = await Served.start({ routes: { 'GET /': (request) => (requests.push(request), stream(fed)) } })
    const far = served.connect()
    far.send(get('/'))
    await fed.feed('one')
    const { signal } = requests[0]!
    far.reset()
    assert.isTrue(signal.aborted)
    await fed.feed('two')
    assert.isTrue(fed.ended)
    assert.deepEqual(served.outcomes, ['aborted'])
    assert.notInclude(served.alarms, 'content failed')
  })

  it('fails the reading of content, without an alarm', async () => {
    const served = await Served.start({ routes: { 'POST /': echo } })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    far.reset()
    await settled()
    assert.deepEqual(served.outcomes, ['aborted'])
    assert.notInclude(served.alarms, 'handler failed')
  })

  it('has a file closed that is opened while it leaves', async () => {
    const served = await Served.start({ routes: { 'GET /': () => file('a') }, files: { a: { content: 'abc' } } })
    const far = served.connect()
    far.send(get('/'))
    far.reset()
    await settled()
    assert.equal(served.files.openCount, 0)
  })

  it('is served whole when it only ends its side', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    const far = served.connect()
    far.send(get('/') + get('/'))
    far.end()
    await held.answer('one')
    await held.answer('two')
    assert.match(far.received, /one.*two$/s)
    assert.isTrue(far.ended)
    assert.deepEqual(served.outcomes, ['completed', 'completed'])
  })

  it('inside a request, by ending its side, is told 400', async () => {
    const served = await Served.start({ routes: { 'POST /': echo } })
    const [midHead, midBody] = [served.connect(), served.connect()]
    midHead.send('GET / HT')
    midBody.send(post('/', 'content').slice(0, -1))
    for (const far of [midHead, midBody]) far.end()
    await settled()
    assert.deepEqual([statuses(midHead.received), statuses(midBody.received)], [[400], [400]])
  })

  it('with a TLS handshake on a plain port, is told in plain HTTP what the port speaks', async () => {
    const served = await Served.start({})
    const far = served.connect()
    far.send('\x16\x03\x01\x02\x00\x01')
    await settled()
    assert.deepEqual(statuses(far.received), [400])
    assert.include(far.received, '"detail":"This port speaks plain HTTP: use http:// here."')
    assert.isTrue(far.ended)
    assert.deepEqual(served.outcomes, ['refused'])
  })
})

describe('content that comes as fast as it may', () => {
  it('pipelined content that nobody wants is never too slow, wherever the reads end', async () => {
    const served = await Served.start({})
    const far = served.connect()
    const message = post('/nowhere', 'x'.repeat(60_000))
    const messages = message.repeat(40)
    const inside = message.length - 30_000
    far.send(messages.slice(0, inside))
    for (let at = inside; at < messages.length; at += message.length) {
      await served.pass(1000)
      far.send(messages.slice(at, at + message.length))
    }
    assert.deepEqual(statuses(far.received), Array<number>(40).fill(404))
    assert.isUndefined(served.metrics.snapshot().rejections['timeout'])
    assert.isFalse(far.ended)
  })

  it("the handler's time stands still while it waits for content", async () => {
    const served = await Served.start({ routes: { 'POST /': echo } })
    const far = served.connect()
    const seconds = (2 * handlerTimeoutMs) / 1000
    far.send(post('/', 'x'.repeat(1000 * seconds)).slice(0, -1000 * seconds))
    for (let second = 0; second < seconds; second++) {
      await served.pass(1000)
      far.send('x'.repeat(1000))
      await settled()
    }
    assert.deepEqual(statuses(far.received), [200])
    assert.deepEqual(served.outcomes, ['completed'])
  })
})

describe('a head that had to wait', () => {
  it('has its whole time when reading was paused behind a slow handler', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler, 'GET /quick': () => 'x' } })
    const far = served.connect()
    const quick = get('/quick', `X: ${'y'.repeat(1000)}`)
    const next = get('/quick')
    far.send(get('/') + quick.repeat(20) + next.slice(0, 10))
    await served.pass(1.5 * headTimeoutMs)
    assert.equal(far.received, '')
    await held.answer('slow')
    await served.pass(headTimeoutMs - SWEEP_MS)
    assert.deepEqual(statuses(far.received), Array<number>(21).fill(200))
    far.send(next.slice(10))
    assert.deepEqual(statuses(far.received), Array<number>(22).fill(200))
  })

  it('has its whole time when the peer read its responses slowly', async () => {
    const served = await Served.start({
      routes: { 'GET /big': () => text('x'.repeat(100_000)), 'GET /': () => 'x' },
      settings: NO_RATE,
    })
    const far = served.connect()
    far.stall()
    far.send(get('/big') + get('/').slice(0, 10))
    await served.pass(2 * headTimeoutMs)
    assert.deepEqual(served.outcomes, ['completed'], 'no head is overdue while its peer does not read')
    far.read()
    await served.pass(headTimeoutMs - SWEEP_MS)
    far.send(get('/').slice(10))
    assert.deepEqual(statuses(far.received), [200, 200])
  })

  it('is not begun by an empty line: the peer is idle, and its connection closed in silence', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    far.send(get('/') + '\r\n')
    await served.pass(keepAliveTimeoutMs - SWEEP_MS)
    assert.isFalse(far.ended)
    await served.pass(2 * SWEEP_MS)
    assert.isTrue(far.ended)
    assert.deepEqual(statuses(far.received), [200])
    assert.deepEqual(served.outcomes, ['completed'])
  })

  it('has its whole time when an empty line came long before it', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    far.send(get('/') + '\r\n')
    await served.pass(2 * headTimeoutMs)
    far.send(get('/').slice(0, 10))
    await served.pass(headTimeoutMs - SWEEP_MS)
    far.send(get('/').slice(10))
    assert.deepEqual(statuses(far.received), [200, 200])
  })
})

describe('content that has to wait', () => {
  it('is not overdue while the peer does not read the response before it', async () => {
    const served = await Served.start({
      routes: { 'POST /': () => text('x'.repeat(100_000)) },
      settings: { ...NO_RATE, bodyTimeoutMs: 5000 },
    })
    const far = served.connect()
    far.stall()
    far.send(post('/', 'content').slice(0, -1))
    await served.pass(4 * 5000)
    far.read()
    await settled()
    far.send('t' + post('/', ''))
    await settled()
    assert.deepEqual(statuses(far.received), [200, 200])
    assert.isUndefined(served.metrics.snapshot().rejections['timeout'])
  })
})

describe('a stream to a peer that waits for 100 Continue', () => {
  const asking = (method: string): string =>
    post('/', 'content', 'Expect: 100-continue').replace('POST', method).slice(0, -7)

  it('that throws at once cuts the connection and is logged', async () => {
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
  /** A stream that nothing is taken from, and how to tell that it was ended. */
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
      "a stream of Node's is destroyed",
      () => {
        const pieces = Readable.from(['piece'])
        return { pieces, ended: () => pieces.destroyed }
      },
    ],
    [
      "a stream of the web's is cancelled",
      () => {
        let cancelled = false
        const pieces = new ReadableStream<string>({ cancel: () => void (cancelled = true) })
        return { pieces, ended: () => cancelled }
      },
    ],
    ['a generator returns', () => generatorOf(() => Promise.resolve({ done: true, value: undefined }))],
    ['a generator may fail to return', () => generatorOf(() => Promise.reject(new Error('cannot return')))],
    [
      'a generator may throw instead',
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

    it(`is ended when it comes too late: ${rule}`, async () => {
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

  it('of empty pieces without end leaves room for everyone else', async () => {
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
  it('fails to be read, and has no 100 Continue sent for the request that came since', async () => {
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

  it('fails to be read on by a handler that waited for it when its response was complete', async () => {
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

describe('a file that falls short of what was promised', () => {
  const lacking: [rule: string, length: number, stalled: boolean, outcome: string][] = [
    ['whose request is under way fails it', 100_000, true, 'failed'],
    ['whose request is over is told of all the same', 1000, false, 'completed'],
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

  it('is another thing than a connection that we cut', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    served.connect().send(get('/'))
    served.server.force()
    await settled()
    assert.deepEqual([served.outcomes, served.alarms], [['cut'], []])
  })
})

describe('a peer that is lost', () => {
  it('while its requests are not read is noticed by the sweep', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    const far = served.connect()
    far.send(get('/') + get('/', `X: ${'y'.repeat(1000)}`).repeat(20))
    far.reset()
    await settled()
    assert.deepEqual(served.outcomes, [], 'nobody is told while reading is paused')
    await served.pass(SWEEP_MS)
    assert.deepEqual(served.outcomes, ['aborted'])
    assert.isTrue(held.requests[0]!.signal.aborted)
    assert.equal(served.metrics.snapshot().connections.active, 0)
  })

  it('does not keep the sweep from the others when that fails', async () => {
    const served = await Served.start({})
    const fars = [served.connect(), served.connect(), served.connect()]
    for (const far of fars) far.send('GET / HT')
    const { metrics } = served
    const refused = metrics.refused.bind(metrics)
    metrics.refused = () => {
      metrics.refused = refused
      throw new Error('cannot count')
    }
    await served.pass(headTimeoutMs + SWEEP_MS)
    assert.deepEqual(
      fars.map((far) => [statuses(far.received), far.cut]),
      [
        [[], true],
        [[408], false],
        [[408], false],
      ],
    )
    assert.deepEqual(served.alarms, ['connection failed'])
  })
})

describe('octets behind our own end', () => {
  it('are read and dropped, but not without end', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    far.send(get('/', 'Connection: close'))
    const mebibyte = Buffer.alloc(1024 * 1024)
    for (let sent = 0; sent < 16; sent++) far.send(mebibyte)
    assert.isFalse(far.closed)
    far.send(mebibyte)
    assert.deepEqual([far.closed, far.cut], [true, false])
  })
})
