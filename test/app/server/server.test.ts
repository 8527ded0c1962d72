import { assert } from 'chai'
import { describe, it } from 'mocha'
import { singleProcessGroup } from '../../../src/app/workers/single-process-group.js'
import type { Phase } from '../../../src/domain/lifecycle/drain.js'
import type { WorkerGroup } from '../../../src/ports/workers/worker-group.js'
import type { Plugin } from '../../../src/ports/plugins/plugin.js'
import { FakeEngine } from '../../fakes/fake-engine.js'
import type { FarEnd } from '../../fakes/fake-transport.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { get, Held, post, Served, settled, statuses, type ServedOptions } from '../serving/served.js'

const POLL_MS = DEFAULT_SETTINGS.drain.pollIntervalMs
const drain = (noticeMs: number, timeoutMs = 30_000) => ({ drain: { noticeMs, timeoutMs, pollIntervalMs: POLL_MS } })

describe('the start of a server', () => {
  it('starts plugins, then the engine, then listens', async () => {
    const engine = new FakeEngine()
    const plugins: Plugin[] = [{ name: 'a', routes: {}, start: () => void engine.life.push('plugin') }]
    const served = await Served.start({ plugins, engine })
    assert.deepEqual(engine.life, ['plugin', 'start'])
    assert.isTrue(served.listener.listening)
    assert.equal(served.server.phase, 'running')
  })

  it('listens nowhere and stops what started when a plugin cannot start', async () => {
    const life: string[] = []
    const served = new Served({
      plugins: [
        { name: 'a', routes: {}, stop: () => void life.push('a stopped') },
        { name: 'b', routes: {}, start: () => Promise.reject(new Error('no')) },
      ],
    })
    assert.instanceOf(await served.server.start().catch((error: unknown) => error), Error)
    assert.deepEqual(life, ['a stopped'])
    assert.isFalse(served.listener.listening)
    assert.equal(served.clock.pending, 0)
  })

  it('tells the routes without listening, and stops the plugins again', async () => {
    const life: string[] = []
    const served = new Served({
      plugins: [{ name: 'a', routes: { 'GET /': () => 'x' }, stop: () => void life.push('stop') }],
    })
    const routes = await served.server.routes()
    assert.deepEqual(
      routes.map(({ method, pattern }) => [method, pattern]),
      [['GET', '/']],
    )
    assert.deepEqual(life, ['stop'])
    assert.isFalse(served.listener.listening)
  })
})

describe('admission', () => {
  it('a connection beyond maxConnections is told 503, when to come back, and is closed', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' }, settings: { maxConnections: 2 } })
    const inside = [served.connect(), served.connect()]
    const outside = served.connect()
    await settled()
    assert.match(outside.received, /^HTTP\/1\.1 503 .*\r\nConnection: close\r\n.*Retry-After: 1\r\n/s)
    assert.isTrue(outside.ended)
    assert.isFalse(outside.cut)
    outside.send(get('/'))
    assert.deepEqual(statuses(outside.received), [503], 'its requests are not read')
    for (const far of inside) far.send(get('/'))
    assert.deepEqual(
      inside.map((far) => statuses(far.received)),
      [[200], [200]],
    )
    const { connections, rejections } = served.metrics.snapshot()
    assert.deepInclude(connections, { active: 2, accepted: 2, rejected: 1 })
    assert.deepEqual(rejections, { connections: 1 })
  })

  it('there is room again when one has left', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' }, settings: { maxConnections: 1 } })
    served.connect().reset()
    const far = served.connect()
    far.send(get('/'))
    assert.deepEqual(statuses(far.received), [200])
  })

  it('beyond a thousand that are being turned away, one more is reset without a word', async () => {
    const served = await Served.start({ settings: { maxConnections: 1 } })
    served.connect()
    const turnedAway = Array.from({ length: 1000 }, () => served.connect())
    const oneMore = served.connect()
    await settled()
    assert.isTrue(turnedAway.every((far) => far.received !== '' && far.ended && !far.cut))
    assert.isTrue(oneMore.cut)
    assert.equal(oneMore.received, '')
    assert.equal(served.metrics.snapshot().connections.rejected, 1001)
    turnedAway[0]!.end()
    await settled()
    const next = served.connect()
    await settled()
    assert.deepEqual(statuses(next.received), [503])
  })

  it('a peer that was turned away and does not close is given up in the end', async () => {
    const served = await Served.start({ settings: { maxConnections: 1 } })
    served.connect()
    const far = served.connect()
    await served.pass(10_000)
    assert.deepEqual([far.closed, far.cut], [true, false])
  })
})

describe('drain', () => {
  /** A server under drain, its report when there is one. */
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

  it('a server without connections stops as soon as its listener is closed', async () => {
    const served = await Served.start({})
    const drained = await draining(served)
    await served.pass(50)
    assert.deepEqual(drained.report, { finished: 0, rejected: 0, cut: {} })
    assert.equal(served.server.phase, 'stopped')
    assert.isFalse(served.listener.listening)
    assert.equal(served.clock.pending, 0, 'no timer is left')
  })

  it('asked twice is one drain', async () => {
    const served = await Served.start({})
    assert.equal(served.server.drain(), served.server.drain())
    await settled()
  })

  it('idle connections are half-closed, not reset, and waited for', async () => {
    const served = await Served.start({})
    const far = served.connect()
    const drained = await draining(served)
    await served.pass(POLL_MS)
    assert.deepEqual([far.ended, far.cut], [true, false])
    assert.isNull(drained.report)
    await close(served, far)
    assert.deepEqual(drained.report, { finished: 0, rejected: 0, cut: {} })
  })

  it('during the notice requests are served as ever, each response closes, and the phase tells', async () => {
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
    assert.isFalse(idle.ended, 'an idle connection is left alone')
    assert.deepEqual(phases, ['running', 'notice', 'notice'])
    await served.pass(600)
    assert.isFalse(served.listener.listening)
    await close(served, old, fresh, idle)
    assert.deepEqual(drained.report, { finished: 2, rejected: 0, cut: {} })
  })

  it('does not end while a connection is on its way: it is met, and told to come again', async () => {
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

  it('a request that began before is finished, one that begins after is turned away', async () => {
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

  it('a request whose first octets came before is finished, wherever the drain met it', async () => {
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

  it('a pipelined queue that had arrived is finished, and the last of it closes', async () => {
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

  it('at its end what is left is cut, counted and named', async () => {
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

  it('a head that never ends is answered 408 in its time, drain or not, and counted among the cut', async () => {
    const served = await Served.start({})
    const far = served.connect()
    far.send('GET / HT')
    const drained = await draining(served)
    await served.pass(11_000)
    assert.deepEqual(statuses(far.received), [408])
    await close(served, far)
    assert.isNotNull(drained.report)
  })

  it('when forced it cuts everything at once', async () => {
    const served = await Served.start({ routes: { 'GET /': new Held().handler } })
    const far = served.connect()
    far.send(get('/'))
    const drained = await draining(served)
    served.server.force()
    await settled()
    assert.isTrue(far.cut)
    assert.deepEqual(drained.report, { finished: 0, rejected: 0, cut: { cut: 1 } })
  })

  it('does not wait for ever for a plugin that does not stop', async () => {
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

  it('plugins stop after the last request, the engine behind them, and an error of one is logged', async () => {
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

  it('peers that were turned away at the door do not hold it up, but are not destroyed either', async () => {
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
    ['turned away', 0, 503],
    ['served during the notice', 1000, 200],
  ]
  for (const [rule, noticeMs, status] of closing) {
    it(`a request that is ${rule} says close, though its own content lies unread behind it`, async () => {
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

  it('a request that arrived before is finished, though more arrived behind it since', async () => {
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

  it('a connection that sent an empty line behind its request is idle', async () => {
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

  it('a request that begins after is turned away, though an empty line came before', async () => {
    const served = await Served.start({ routes: { 'GET /': () => 'x' } })
    const far = served.connect()
    far.send(get('/') + '\r\n')
    await served.pass(1)
    await draining(served)
    far.send(get('/'))
    assert.deepEqual(statuses(far.received), [200, 503])
  })

  it('peers that were turned away at the door are given up behind its end, and no timer is left then', async () => {
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

describe('relief', () => {
  const CLOSE = /^Connection: close\r$/m
  const rules = { noticeMs: 0, timeoutMs: 3000, pollIntervalMs: 1000 }
  const routes = { 'GET /': () => 'served' }

  const retired = async (
    options: ServedOptions = {},
  ): Promise<{ served: Served; far: FarEnd; report: () => unknown }> => {
    const served = await Served.start({ routes, settings: { drain: rules }, ...options })
    const far = served.connect()
    let report: unknown = null
    void served.server.retire().then((made) => (report = made))
    await settled()
    return { served, far, report: () => report }
  }

  it('closes the door at once, serves those who are in, and ends with the last of them', async () => {
    const { served, far, report } = await retired()
    assert.isFalse(served.listener.listening)
    await served.pass(1000)
    assert.deepEqual([far.ended, served.server.phase], [false, 'notice'])
    far.send(get('/'))
    await settled()
    assert.deepEqual(statuses(far.received), [200])
    assert.match(far.received, CLOSE)
    far.end()
    await served.pass(2000)
    assert.deepEqual(report(), { finished: 1, rejected: 0, cut: {} })
    assert.equal(served.clock.pending, 0, 'no timer is left')
  })

  it('serves a connection that was on its way when the door closed', async () => {
    const served = await Served.start({ routes, settings: { drain: rules } })
    served.listener.isSettingUp = true
    void served.server.retire()
    await served.pass(1000)
    assert.equal(served.server.phase, 'notice')
    const far = served.connect()
    served.listener.endSetup()
    far.send(get('/'))
    await settled()
    assert.deepEqual(statuses(far.received), [200])
    far.end()
    await served.pass(2000)
    assert.equal(served.server.phase, 'stopped')
  })

  it('leaves idle connections when a drain would have been over, and cuts nobody who comes to an end', async () => {
    const { served, far, report } = await retired()
    await served.pass(5000)
    assert.deepEqual([far.ended, far.cut], [true, false])
    far.end()
    await served.pass(1000)
    assert.deepEqual(report(), { finished: 0, rejected: 0, cut: {} })
  })

  it('a drain meanwhile is a drain from then on: who begins now is turned away', async () => {
    const { served, far, report } = await retired()
    void served.server.drain()
    await served.pass(1000)
    far.send(get('/'))
    far.end()
    await served.pass(1000)
    assert.deepEqual(statuses(far.received), [503])
    assert.deepEqual(report(), { finished: 0, rejected: 1, cut: {} })
  })

  it('a drain under way is not retired', async () => {
    const served = await Served.start({ routes })
    assert.equal(served.server.drain(), served.server.retire())
    await settled()
    await served.pass(50)
    assert.equal(served.server.phase, 'stopped')
  })
})

describe('readiness', () => {
  const unready = async (options: ServedOptions): Promise<{ served: Served; why: () => string | null }> => {
    let why = (): string | null => 'not started'
    const plugin: Plugin = { name: 'asking', routes: (context) => ((why = context.unready), {}) }
    const served = await Served.start({ plugins: [plugin], ...options })
    return { served, why }
  }

  it('is the phase until the server runs and when it drains', async () => {
    const { served, why } = await unready({ settings: { drain: { noticeMs: 5000, timeoutMs: 0, pollIntervalMs: 50 } } })
    assert.isNull(why())
    const drained = served.server.drain()
    assert.equal(why(), 'notice')
    await served.pass(6000)
    await drained
    assert.equal(why(), 'stopped')
  })

  it('is the trouble of the engine and of the group', async () => {
    const engine = new FakeEngine()
    const group = { ...singleProcessGroup(), trouble: 'workers crash' as WorkerGroup['trouble'] }
    const { why } = await unready({ engine, group })
    assert.equal(why(), 'workers crash')
    engine.trouble = 'threads crash'
    assert.equal(why(), 'threads crash, workers crash')
  })

  it('stays when another worker process has taken the place', async () => {
    const { served, why } = await unready({})
    served.connect()
    void served.server.retire()
    assert.equal(served.server.phase, 'notice')
    assert.isNull(why())
  })
})
