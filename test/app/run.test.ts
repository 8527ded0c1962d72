import { assert } from 'chai'
import { describe, it } from 'mocha'
import { singleProcess, run, type Surroundings } from '../../src/app/run.js'
import type { Plugin } from '../../src/ports/plugins/plugin.js'
import type { ListenError } from '../../src/ports/serving/transport.js'
import { get, Held, Served, settled, type ServedOptions } from './serving/served.js'

/** A server that runs, what it told, a way to tell it to stop, and its exit code once there is one. */
async function setUp(options: ServedOptions = {}, failure: ListenError | null = null) {
  const served = new Served(options)
  served.listener.failure = failure
  const told: string[] = []
  const state: { code: number | null } = { code: null }
  let stop = (): void => {}
  let reload = (): void => {}
  const surroundings: Surroundings = {
    err: (line) => told.push(line),
    onStop: (stopped) => (stop = stopped),
    onReload: (asked) => (reload = asked),
  }
  void run(singleProcess(served.server, null, served.log, 'epoll'), surroundings).then((exit) => (state.code = exit))
  await settled()
  const stopNow = async (): Promise<void> => {
    stop()
    await settled()
  }
  return { served, told, state, stop: stopNow, reload: () => reload() }
}

describe('run()', () => {
  it('tells where the server listens', async () => {
    const { told } = await setUp({ settings: { port: 0 } })
    assert.deepEqual(told, ['portico listening on http://127.0.0.1:40000\nportico serving with epoll sockets\n'])
  })

  it('writes an IPv6 address as a URL does', async () => {
    const { told } = await setUp({ settings: { host: '::1', port: 81 } })
    assert.match(told.join(''), /^portico listening on http:\/\/\[::1\]:81\n/)
  })

  it('ends with 1 and names why when it cannot listen, its plugins stopped', async () => {
    const stopped: string[] = []
    const plugins: Plugin[] = [{ name: 'a', routes: {}, stop: () => void stopped.push('a') }]
    const failure = Object.assign(new Error('Cannot listen on 127.0.0.1:80: taken'), { code: 'EADDRINUSE' })
    const { told, state } = await setUp({ plugins }, failure)
    assert.deepEqual([told, state.code, stopped], [['portico: Cannot listen on 127.0.0.1:80: taken\n'], 1, ['a']])
  })

  it('ends with 0 when an idle server is told to stop', async () => {
    const { served, told, state, stop } = await setUp()
    await stop()
    await served.pass(50)
    assert.equal(state.code, 0)
    assert.equal(told.at(-1), 'portico stopped: 0 finished, 0 rejected, none cut\n')
  })

  it('ends with 0 and tells what was finished and rejected', async () => {
    const held = new Held()
    const { served, told, state, stop } = await setUp({ routes: { 'GET /': held.handler } })
    const busy = served.connect()
    const other = served.connect()
    busy.send(get('/'))
    await stop()
    other.send(get('/'))
    await held.answer('done')
    for (const far of [busy, other]) far.end()
    await served.pass(50)
    assert.equal(state.code, 0)
    assert.equal(told.at(-1), 'portico stopped: 1 finished, 1 rejected, none cut\n')
  })

  it('ends with 1 at the end of its time and tells what was cut', async () => {
    const { served, told, state, stop } = await setUp({
      routes: { 'GET /': new Held().handler },
      settings: { drain: { noticeMs: 0, timeoutMs: 5000, pollIntervalMs: 50 } },
    })
    served.connect().send(get('/'))
    served.connect().send('GET / HT')
    await stop()
    await served.pass(4900)
    assert.isNull(state.code)
    await served.pass(100)
    assert.equal(state.code, 1)
    assert.equal(told.at(-1), 'portico stopped: 0 finished, 0 rejected, cut: 1 cut, 1 incomplete\n')
  })

  it('ends with 0 though a peer left: nobody was cut', async () => {
    const { served, told, state, stop } = await setUp({ routes: { 'GET /': new Held().handler } })
    const far = served.connect()
    far.send(get('/'))
    await stop()
    far.reset()
    await served.pass(100)
    assert.equal(state.code, 0)
    assert.equal(told.at(-1), 'portico stopped: 0 finished, 0 rejected, cut: 1 aborted\n')
  })

  it('cannot reload in one process: it says so, names the way, and serves on', async () => {
    const { served, state, reload } = await setUp()
    reload()
    await settled()
    assert.deepEqual(served.alarms, ['Cannot reload: found one process, wanted 2 or more (workers)'])
    assert.isNull(state.code)
    assert.isTrue(served.listener.listening)
  })

  it('a second signal ends it at once with 1', async () => {
    const { served, told, state, stop } = await setUp({ routes: { 'GET /': new Held().handler } })
    const far = served.connect()
    far.send(get('/'))
    await stop()
    assert.isNull(state.code)
    await stop()
    assert.isTrue(far.cut)
    assert.equal(state.code, 1)
    assert.equal(told.at(-1), 'portico stopped: 0 finished, 0 rejected, cut: 1 cut\n')
  })

  it('a second signal ends it with 1 even when there was no request to cut', async () => {
    const { served, state, stop } = await setUp()
    served.connect()
    await stop()
    await served.pass(50)
    assert.isNull(state.code, 'the idle peer has not closed its side yet')
    await stop()
    assert.equal(state.code, 1)
  })

  it('a second signal ends it even when a plugin never stops', async () => {
    const { served, state, stop } = await setUp({
      plugins: [{ name: 'a', routes: {}, stop: () => new Promise<void>(() => {}) }],
    })
    await stop()
    await stop()
    await served.pass(1000)
    assert.equal(state.code, 1)
  })

  it('a second signal ends it even when a plugin never starts', async () => {
    const { served, state, stop } = await setUp({
      plugins: [{ name: 'a', routes: {}, start: () => new Promise<void>(() => {}) }],
    })
    await stop()
    await stop()
    await served.pass(1000)
    assert.equal(state.code, 1)
  })

  it('a signal before the start is complete drains the server when it is', async () => {
    const state: { started: () => void } = { started: () => {} }
    const {
      served,
      state: exit,
      stop,
    } = await setUp({
      plugins: [{ name: 'a', routes: {}, start: () => new Promise<void>((resolve) => (state.started = resolve)) }],
    })
    await stop()
    state.started()
    await settled()
    await served.pass(50)
    assert.equal(exit.code, 0)
    assert.isFalse(served.listener.listening)
  })
})
