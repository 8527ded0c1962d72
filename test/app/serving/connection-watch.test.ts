import { assert } from 'chai'
import { describe, it } from 'mocha'
import { bytes, file, stream } from '../../../src/domain/message/response-makers.js'
import type { Handler, Request } from '../../../src/ports/plugins/plugin.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { echo, echoStream, Endless, Fed } from './handlers.js'
import { get, post } from '../../wire/requests.js'
import { Held, Served, settled, statuses } from './served.js'

const { headTimeoutMs, bodyTimeoutMs, writeTimeoutMs, handlerTimeoutMs, keepAliveTimeoutMs } = DEFAULT_SETTINGS
const SWEEP_MS = DEFAULT_SETTINGS.idleSweepIntervalMs

/** A stall is below any minimum rate: without one, only the deadline for stalls applies. */
const NO_RATE = { minRate: 0 }

describe('deadlines', () => {
  it('answers 408 when a head is not complete in time', async () => {
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

  it('measures the time of a head from its first octet, however long the connection was idle', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    await served.pass(headTimeoutMs * 2)
    far.send('GET / HTTP')
    await served.pass(headTimeoutMs - 2 * SWEEP_MS)
    far.send('/1.1\r\nHost: a\r\n\r\n')
    assert.deepEqual(statuses(far.received), [200])
  })

  it('closes an idle connection without a response', async () => {
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

  it('closes without a reset when the peer does not end its side after we ended ours', async () => {
    const served = await Served.start({})
    const far = served.connect()
    await served.pass(keepAliveTimeoutMs + SWEEP_MS)
    assert.isFalse(far.closed)
    await served.pass(10_000)
    assert.deepEqual([far.closed, far.cut], [true, false])
  })

  it('answers 408 when a body stalls, and aborts the signal of the handler', async () => {
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

  it('answers 408 when a body is below the minimum rate after the grace time', async () => {
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

  it('allows a body above the minimum rate any time', async () => {
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

  it('applies no deadline to a body that the handler does not ask for; the handler has its own', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'POST /': held.handler }, settings: { handlerTimeoutMs: 100_000 } })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    await served.pass(bodyTimeoutMs * 2)
    assert.equal(far.received, '')
    await held.answer('done')
    assert.deepEqual(statuses(far.received), [200])
  })

  it('closes the connection when a body stalls after its response', async () => {
    const served = await Served.start({ routes: { 'POST /': () => 'done' } })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    assert.deepEqual(statuses(far.received), [200])
    await served.pass(bodyTimeoutMs + 2 * SWEEP_MS)
    assert.deepEqual(statuses(far.received), [200], 'no second response')
    assert.isTrue(far.ended)
  })

  it('cuts a response that has begun when the body of its request stalls', async () => {
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

  it('cuts the connection when the peer does not read', async () => {
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

  it('cuts the connection and closes the file when the peer does not read', async () => {
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

  it('answers 504 when a handler takes too long, aborts its signal, and drops its late answer', async () => {
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

  it('does not warn about the late answer of a handler when the body of its request timed out', async () => {
    const held = new Held()
    const waiting: Handler = async (request) => {
      await request.bytes().catch(() => undefined)
      return held.handler(request)
    }
    const served = await Served.start({ routes: { 'POST /': waiting }, settings: NO_RATE })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    await settled()
    await served.pass(bodyTimeoutMs + SWEEP_MS)
    assert.deepEqual(statuses(far.received), [408])
    await held.answer('late')
    assert.deepEqual([statuses(far.received), served.outcomes, served.alarms], [[408], ['timed-out'], []])
  })

  it('does not warn about the late answer of a handler when the peer did not read the response before it', async () => {
    const held = new Held()
    const settings = { ...NO_RATE, handlerTimeoutMs: 10 * writeTimeoutMs }
    const served = await Served.start({ routes: { 'GET /': () => 'x', 'GET /held': held.handler }, settings })
    const far = served.connect()
    far.stall()
    far.send(get('/') + get('/held'))
    await served.pass(writeTimeoutMs + 2 * SWEEP_MS)
    assert.deepEqual([far.cut, served.outcomes], [true, ['completed', 'timed-out']])
    await held.answer('late')
    assert.deepEqual(served.alarms, [])
  })

  it('closes the file of an answer that comes too late', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler }, files: { a: { content: 'abc' } } })
    served.connect().send(get('/'))
    await served.pass(handlerTimeoutMs + SWEEP_MS)
    await held.answer(file('a'))
    assert.equal(served.files.openCount, 0)
  })

  it('ignores a handler that fails too late', async () => {
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
    ['arrived in one piece', [get('/')]],
    ['arrived in two pieces', [get('/').slice(0, 10), get('/').slice(10)]],
  ]
  for (const [rule, pieces] of long) {
    it(`does not interrupt a long stream when the head of its request ${rule}`, async () => {
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

  it('does not interrupt a stream that is silent for long: neither its handler nor the peer is overdue', async () => {
    const fed = new Fed()
    const served = await Served.start({ routes: { 'GET /': () => stream(fed) } })
    const far = served.connect()
    far.send(get('/'))
    await served.pass(200_000)
    await fed.feed('at last')
    assert.include(far.received, 'at last')
    assert.deepEqual([far.ended, far.cut], [false, false])
  })

  it('does not interrupt a long upload that is echoed', async () => {
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

  it('measures the idle time from the end of the response, not from the request', async () => {
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

  it('does not cut a peer that has not ended its side while it still reads the last response', async () => {
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
