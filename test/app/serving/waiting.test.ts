import { assert } from 'chai'
import { describe, it } from 'mocha'
import { text } from '../../../src/domain/message/response-makers.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { echo } from './handlers.js'
import { get, post } from '../../wire/requests.js'
import { Held, Served, settled, statuses } from './served.js'

const { headTimeoutMs, handlerTimeoutMs, keepAliveTimeoutMs } = DEFAULT_SETTINGS
const SWEEP_MS = DEFAULT_SETTINGS.idleSweepIntervalMs

/** A stall is below any minimum rate: without one, only the deadline for stalls applies. */
const NO_RATE = { minRate: 0 }

describe('content that arrives as fast as the server reads it', () => {
  it('is never too slow when it is pipelined and unwanted, wherever the reads end', async () => {
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

  it('stops the clock of the handler while the handler waits for it', async () => {
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
  it('has its full time when reading was paused because of a slow handler', async () => {
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

  it('has its full time when the peer read its responses slowly', async () => {
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

  it('does not begin with an empty line: the connection is idle, and closed without a response', async () => {
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

  it('has its full time when an empty line arrived long before it', async () => {
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

describe('a peer that disappears', () => {
  it('is noticed by the sweep while its requests are not read', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    const far = served.connect()
    far.send(get('/') + get('/', `X: ${'y'.repeat(1000)}`).repeat(20))
    far.reset()
    await settled()
    assert.deepEqual(served.outcomes, [], 'the loss is unknown while reading is paused')
    await served.pass(SWEEP_MS)
    assert.deepEqual(served.outcomes, ['aborted'])
    assert.isTrue(held.requests[0]!.signal.aborted)
    assert.equal(served.metrics.snapshot().connections.active, 0)
  })

  it('does not stop the sweep of other connections when its own sweep fails', async () => {
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

describe('octets after our own end', () => {
  it('are read and dropped up to a bound', async () => {
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
