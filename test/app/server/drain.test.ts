import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Phase } from '../../../src/domain/lifecycle/drain.js'
import type { Plugin } from '../../../src/ports/plugins/plugin.js'
import { FakeEngine } from '../../fakes/fake-engine.js'
import type { FarEnd } from '../../fakes/fake-transport.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { get, post } from '../../wire/requests.js'
import { Held, Served, settled, statuses } from '../serving/served.js'

const POLL_MS = DEFAULT_SETTINGS.drain.pollIntervalMs
const drain = (noticeMs: number, timeoutMs = 30_000) => ({ drain: { noticeMs, timeoutMs, pollIntervalMs: POLL_MS } })

describe('Drain', () => {
  /** Starts a drain; `report` is set when it is over. */
  async function draining(served: Served): Promise<{ report: unknown }> {
    const state: { report: unknown } = { report: null }
    void served.server.drain().then((report) => (state.report = report))
    await settled()
    return state
  }

  const close = async (served: Served, ...fars: FarEnd[]): Promise<void> => {
    for (const far of fars) far.end()
    await served.pass(POLL_MS)
  }

  it('stops a server without connections as soon as its listener is closed', async () => {
    const served = await Served.start({})
    const drained = await draining(served)
    await served.pass(50)
    assert.deepEqual(drained.report, { finished: 0, rejected: 0, cut: {} })
    assert.equal(served.server.phase, 'stopped')
    assert.isFalse(served.listener.listening)
    assert.equal(served.clock.pending, 0, 'no timer is left')
  })

  it('is one drain for two calls', async () => {
    const served = await Served.start({})
    assert.equal(served.server.drain(), served.server.drain())
    await settled()
  })

  it('half-closes idle connections and waits for the clients to close theirs', async () => {
    const served = await Served.start({})
    const far = served.connect()
    const drained = await draining(served)
    await served.pass(POLL_MS)
    assert.deepEqual([far.ended, far.cut], [true, false])
    assert.isNull(drained.report)
    await close(served, far)
    assert.deepEqual(drained.report, { finished: 0, rejected: 0, cut: {} })
  })

  it('answers requests during the notice with Connection: close, and plugins see the phase', async () => {
    const phases: Phase[] = []
    const plugins: Plugin[] = [
      { name: 'a', routes: ({ phase }) => ({ 'GET /': () => (phases.push(phase()), 'served') }) },
    ]
    const served = await Served.start({ plugins, settings: drain(1000) })
    const [old, idle] = [served.connect(), served.connect()]
    old.send(get('/'))
    assert.include(old.take(), 'Connection: keep-alive')
    const drained = await draining(served)
    await served.pass(500)
    assert.isTrue(served.listener.listening)
    const fresh = served.connect()
    for (const far of [old, fresh]) {
      far.send(get('/'))
      assert.match(far.received, /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*served$/s)
      assert.isTrue(far.ended)
    }
    assert.isFalse(idle.ended, 'an idle connection stays open')
    assert.deepEqual(phases, ['running', 'notice', 'notice'])
    await served.pass(600)
    assert.isFalse(served.listener.listening)
    await close(served, old, fresh, idle)
    assert.deepEqual(drained.report, { finished: 2, rejected: 0, cut: {} })
  })

  it('waits for a connection that is being accepted, and answers its request with 503', async () => {
    const served = await Served.start({})
    served.listener.isSettingUp = true
    const drained = await draining(served)
    for (let poll = 0; poll < 3; poll++) await served.pass(POLL_MS)
    const far = served.connect()
    served.listener.endSetup()
    await served.pass(POLL_MS)
    assert.deepEqual([drained.report, far.ended], [null, false], 'its request may lie unread')
    far.send(get('/'))
    assert.deepEqual(statuses(far.received), [503])
    await close(served, far)
    assert.deepEqual(drained.report, { finished: 0, rejected: 1, cut: {} })
  })

  it('finishes a request that began before, and rejects a request that begins after', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    const [before, after] = [served.connect(), served.connect()]
    before.send(get('/'))
    await served.pass(1)
    const drained = await draining(served)
    after.send(get('/'))
    assert.match(after.received, /^HTTP\/1\.1 503 .*\r\nConnection: close\r\n.*Retry-After: 1\r\n/s)
    await served.pass(1000)
    await held.answer('finished')
    assert.match(before.received, /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*finished$/s)
    await close(served, before, after)
    assert.deepEqual(drained.report, { finished: 1, rejected: 1, cut: {} })
  })

  it('finishes a request whose first octets arrived before, in its head or in its content', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x', 'POST /': async (request) => request.text() } })
    const [midHead, midBody] = [served.connect(), served.connect()]
    midHead.send('GET / HT')
    midBody.send(post('/', 'content').slice(0, -4))
    await served.pass(1)
    const drained = await draining(served)
    await served.pass(1000)
    assert.isFalse(midHead.ended || midBody.ended)
    midHead.send('TP/1.1\r\nHost: a\r\n\r\n')
    midBody.send('tent')
    await settled()
    assert.match(midHead.received, /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n/s)
    assert.match(midBody.received, /^HTTP\/1\.1 200 .*\r\nConnection: close\r\n.*content$/s)
    await close(served, midHead, midBody)
    assert.deepEqual(drained.report, { finished: 2, rejected: 0, cut: {} })
  })

  it('finishes pipelined requests that arrived before; the last response has Connection: close', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    const far = served.connect()
    far.send(get('/') + get('/') + get('/'))
    await served.pass(1)
    const drained = await draining(served)
    for (const content of ['one', 'two', 'three']) {
      await served.pass(100)
      await held.answer(content)
    }
    assert.deepEqual(statuses(far.received), [200, 200, 200])
    assert.deepEqual(far.received.match(/Connection: [a-z-]+/g), [
      'Connection: keep-alive',
      'Connection: keep-alive',
      'Connection: close',
    ])
    await close(served, far)
    assert.deepEqual(drained.report, { finished: 3, rejected: 0, cut: {} })
  })

  it('cuts off the remaining requests at the timeout, and counts them by reason', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler }, settings: drain(0, 5000) })
    const [running, midHead] = [served.connect(), served.connect()]
    running.send(get('/'))
    midHead.send('GET / HT')
    const drained = await draining(served)
    await served.pass(4900)
    assert.isNull(drained.report)
    await served.pass(200)
    assert.deepEqual([running.cut, midHead.cut], [true, true])
    assert.deepEqual(drained.report, { finished: 0, rejected: 0, cut: { cut: 1, incomplete: 1 } })
    assert.isTrue(held.requests[0]!.signal.aborted)
  })

  it('answers a head that never ends with 408 at its deadline', async () => {
    const served = await Served.start({})
    const far = served.connect()
    far.send('GET / HT')
    const drained = await draining(served)
    await served.pass(11_000)
    assert.deepEqual(statuses(far.received), [408])
    await close(served, far)
    assert.isNotNull(drained.report)
  })

  it('cuts off every request at once when forced', async () => {
    const served = await Served.start({ routes: { 'GET /': new Held().handler } })
    const far = served.connect()
    far.send(get('/'))
    const drained = await draining(served)
    served.server.force()
    await settled()
    assert.isTrue(far.cut)
    assert.deepEqual(drained.report, { finished: 0, rejected: 0, cut: { cut: 1 } })
  })

  it('waits only a bounded time for a plugin that does not stop', async () => {
    const stop = (): Promise<void> => new Promise(() => undefined)
    const served = await Served.start({ plugins: [{ name: 'a', routes: {}, stop }] })
    const drained = served.server.drain()
    let isOver = false
    void drained.then(() => (isOver = true))
    await served.pass(4000)
    assert.isFalse(isOver)
    await served.pass(3000)
    await drained
    assert.include(served.alarms, 'plugin stop failed')
  })

  it('stops the plugins after the last request, then the engine, and logs the error of a plugin', async () => {
    const held = new Held()
    const engine = new FakeEngine()
    const stop = () => {
      engine.life.push('plugin')
      throw new Error('cannot stop')
    }
    const served = await Served.start({ plugins: [{ name: 'a', routes: { 'GET /': held.handler }, stop }], engine })
    const far = served.connect()
    far.send(get('/'))
    const drained = await draining(served)
    assert.deepEqual(engine.life, ['start'])
    await held.answer('x')
    await close(served, far)
    assert.isNotNull(drained.report)
    assert.deepEqual(engine.life, ['start', 'plugin', 'stop'])
    assert.include(served.alarms, 'plugin stop failed')
  })

  it('neither waits for clients that were turned away nor resets them', async () => {
    const served = await Served.start({ settings: { maxConnections: 1 } })
    const inside = served.connect()
    const outside = served.connect()
    await settled()
    const drained = await draining(served)
    await served.pass(POLL_MS)
    await close(served, inside)
    assert.isFalse(outside.cut)
    assert.isNotNull(drained.report)
  })

  const closing: [rule: string, noticeMs: number, status: number][] = [
    ['rejected', 0, 503],
    ['served during the notice', 1000, 200],
  ]
  for (const [rule, noticeMs, status] of closing) {
    it(`answers a request that is ${rule} with Connection: close, though its content is still unread`, async () => {
      const served = await Served.start({ routes: { 'POST /': () => 'x' }, settings: drain(noticeMs) })
      const far = served.connect()
      await served.pass(1)
      await draining(served)
      far.send(post('/', 'content'))
      assert.deepEqual(statuses(far.received), [status])
      assert.include(far.received, '\r\nConnection: close\r\n')
      assert.isTrue(far.ended)
    })
  }

  it('finishes a request that arrived before, though more requests arrived after it', async () => {
    const held = new Held()
    const served = await Served.start({ routes: { 'GET /': held.handler } })
    const far = served.connect()
    far.send(get('/'))
    await served.pass(1)
    far.send(get('/'))
    await served.pass(1)
    await draining(served)
    await served.pass(1)
    far.send(get('/'))
    await held.answer('one')
    assert.lengthOf(held.requests, 2)
    await held.answer('two')
    assert.deepEqual(statuses(far.received).slice(0, 2), [200, 200])
    assert.match(far.received, /one.*two/s)
  })

  it('treats a connection that sent an empty line after its request as idle', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    far.send(get('/') + '\r\n')
    const drained = await draining(served)
    await served.pass(POLL_MS)
    assert.deepEqual([far.ended, far.cut], [true, false])
    assert.deepEqual(statuses(far.received), [200])
    await close(served, far)
    assert.deepEqual(drained.report, { finished: 0, rejected: 0, cut: {} })
  })

  it('rejects a request that begins after, though an empty line arrived before', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    far.send(get('/') + '\r\n')
    await served.pass(1)
    await draining(served)
    far.send(get('/'))
    assert.deepEqual(statuses(far.received), [200, 503])
  })

  it('closes connections that were turned away after its end, and then leaves no timer', async () => {
    const served = await Served.start({ settings: { maxConnections: 1 } })
    const inside = served.connect()
    const outside = served.connect()
    const drained = await draining(served)
    await served.pass(POLL_MS)
    await close(served, inside)
    assert.isNotNull(drained.report)
    assert.isFalse(outside.closed)
    await served.pass(10_000)
    assert.deepEqual([outside.closed, outside.cut], [true, false])
    assert.equal(served.clock.pending, 0)
  })
})
