import { assert } from 'chai'
import { describe, it } from 'mocha'
import { file, stream, text } from '../../../src/domain/message/response-makers.js'
import type { Request } from '../../../src/ports/plugins/plugin.js'
import { turn } from '../../fakes/fake-transport.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { echo, echoStream, Endless, Fed } from './handlers.js'
import { get, post } from '../../wire/requests.js'
import { Held, Served, settled, statuses } from './served.js'

describe('the plain path', () => {
  it('sends the response before octets() returns when the handler returns a value', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    far.send(get('/'))
    assert.deepEqual(statuses(far.received), [200])
    assert.deepEqual(served.outcomes, ['completed'])
    assert.lengthOf(far.writes, 1, 'head and content are sent in one write')
  })

  it('answers requests that were pipelined in one read with one write, in order', async () => {
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

  it('records the exchange in the access log', async () => {
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
    assert.include(far.received, `X-Request-Id: ${exchange!.requestId}\r\n`)
    assert.equal(served.accessLog.exchanges[0]?.trace, '4bf92f3577b34da6a3ce929d0e0e4736')
  })

  it('closes after maxKeepAliveRequests, and announces it in the last response', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' }, settings: { maxKeepAliveRequests: 3 } })
    const far = served.connect()
    far.send(get('/').repeat(5))
    assert.deepEqual(far.received.match(/(?:Connection: close|max=\d+)/g), ['max=2', 'max=1', 'Connection: close'])
    assert.isTrue(far.ended)
    assert.equal(served.metrics.snapshot().requests.total, 3)
  })

  it('never closes because of the number of requests when the bound is 0', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' }, settings: { maxKeepAliveRequests: 0 } })
    const far = served.connect()
    for (let round = 0; round < 30; round++) far.send(get('/').repeat(50))
    assert.lengthOf(statuses(far.received), 1500)
    assert.isFalse(far.ended)
  })
})

describe('back-pressure', () => {
  it('pauses reading when too many requests are pipelined after one whose handler is slow', async () => {
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

  it('runs one handler at a time for a connection', async () => {
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

  it('stops a generator while the peer does not read, and resumes it when the peer reads', async () => {
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

  it('serves no further request while the peer does not read, because the responses would accumulate', async () => {
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

  it('reads no content before the handler asks for it', async () => {
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

  it('reads content at the pace of its handler', async () => {
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
    assert.isTrue(far.ended, 'the rest is too long to skip to the next request')
  })

  it('reads the content of an echo at the pace at which the peer reads the response', async () => {
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

  it('sends 100 Continue when the handler asks for content, not before', async () => {
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

describe('a peer that disconnects', () => {
  it('aborts the signal of its handler, and its late answer is dropped', async () => {
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

  it('ends the stream of its response, and aborts the signal', async () => {
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

  it('fails the reading of content, without logging a failure', async () => {
    const served = await Served.start({ routes: { 'POST /': echo } })
    const far = served.connect()
    far.send(post('/', 'content').slice(0, -1))
    far.reset()
    await settled()
    assert.deepEqual(served.outcomes, ['aborted'])
    assert.notInclude(served.alarms, 'handler failed')
  })

  it('does not leave a file open that is opened in the meantime', async () => {
    const served = await Served.start({ routes: { 'GET /': () => file('a') }, files: { a: { content: 'abc' } } })
    const far = served.connect()
    far.send(get('/'))
    far.reset()
    await settled()
    assert.equal(served.files.openCount, 0)
  })

  it('gets all its responses when it only ends its side', async () => {
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

  it('gets 400 when it ends its side inside a request', async () => {
    const served = await Served.start({ routes: { 'POST /': echo } })
    const [midHead, midBody] = [served.connect(), served.connect()]
    midHead.send('GET / HT')
    midBody.send(post('/', 'content').slice(0, -1))
    for (const far of [midHead, midBody]) far.end()
    await settled()
    assert.deepEqual([statuses(midHead.received), statuses(midBody.received)], [[400], [400]])
  })

  it('that starts a TLS handshake on a plain port gets a response in plain HTTP that says so', async () => {
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
