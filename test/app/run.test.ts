import { assert } from 'chai'
import { describe, it } from 'mocha'
import { run, type Surroundings } from '../../src/app/run.js'
import { singleProcess } from '../../src/app/server/single-process.js'
import type { Plugin } from '../../src/ports/plugins/plugin.js'
import type { ListenError } from '../../src/ports/serving/transport.js'
import { get } from '../wire/requests.js'
import { Held, Served, settled, type ServedOptions } from './serving/served.js'

/** Runs a server: its messages, functions that send it signals, and its exit code once it has ended. */
async function setUp(options: ServedOptions = {}, failure: ListenError | null = null) {
  const served = new Served(options)
  served.listener.failure = failure
  const said: string[] = []
  const state: { code: number | null } = { code: null }
  let stop = (): void => {}
  let reload = (): void => {}
  const surroundings: Surroundings = {
    err: (line) => said.push(line),
    onStop: (received) => (stop = received),
    onReload: (received) => (reload = received),
  }
  void run(singleProcess(served.server, null, served.log, 'epoll'), surroundings).then((exit) => (state.code = exit))
  await settled()
  const stopNow = async (): Promise<void> => {
    stop()
    await settled()
  }
  return { served, said, state, stop: stopNow, reload: () => reload() }
}

describe('run()', () => {
  it('writes where the server listens', async () => {
    const { said } = await setUp({ settings: { port: 0 } })
    assert.deepEqual(said, ['portico listening on http://127.0.0.1:40000\nportico serving with epoll sockets\n'])
  })

  it('writes an IPv6 address as a URL does', async () => {
    const { said } = await setUp({ settings: { host: '::1', port: 81 } })
    assert.match(said.join(''), /^portico listening on http:\/\/\[::1\]:81\n/)
  })

  it('ends with 1 and the reason when the server cannot listen, and stops the plugins', async () => {
    const stopped: string[] = []
    const plugins: Plugin[] = [{ name: 'a', routes: {}, stop: () => void stopped.push('a') }]
    const failure = Object.assign(new Error('Cannot listen on 127.0.0.1:80: taken'), { code: 'EADDRINUSE' })
    const { said, state } = await setUp({ plugins }, failure)
    assert.deepEqual([said, state.code, stopped], [['portico: Cannot listen on 127.0.0.1:80: taken\n'], 1, ['a']])
  })

  it('ends with 0 after a signal to an idle server', async () => {
    const { served, said, state, stop } = await setUp()
    await stop()
    await served.pass(50)
    assert.equal(state.code, 0)
    assert.equal(said.at(-1), 'portico stopped: 0 requests finished, 0 rejected, none cut off\n')
  })

  it('ends with 0 and reports the finished and the rejected requests', async () => {
    const held = new Held()
    const { served, said, state, stop } = await setUp({ routes: { 'GET /': held.handler } })
    const busy = served.connect()
    const other = served.connect()
    busy.send(get('/'))
    await stop()
    other.send(get('/'))
    await held.answer('done')
    for (const far of [busy, other]) far.end()
    await served.pass(50)
    assert.equal(state.code, 0)
    assert.equal(said.at(-1), 'portico stopped: 1 request finished, 1 rejected, none cut off\n')
  })

  it('ends with 1 at the drain timeout and reports the requests that were cut off', async () => {
    const { served, said, state, stop } = await setUp({
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
    assert.equal(
      said.at(-1),
      'portico stopped: 0 requests finished, 0 rejected, 2 cut off (1 still running, 1 head incomplete)\n',
    )
  })

  it('ends with 0 when a client aborted its request: the server cut off none', async () => {
    const { served, said, state, stop } = await setUp({ routes: { 'GET /': new Held().handler } })
    const far = served.connect()
    far.send(get('/'))
    await stop()
    far.reset()
    await served.pass(100)
    assert.equal(state.code, 0)
    assert.equal(
      said.at(-1),
      'portico stopped: 0 requests finished, 0 rejected, none cut off, 1 aborted by the client\n',
    )
  })

  it('logs that a single process cannot reload and what to set instead, and continues to serve', async () => {
    const { served, state, reload } = await setUp()
    reload()
    await settled()
    assert.deepEqual(served.alarms, ['reload unavailable'])
    const { reason } = served.log.events.find(({ event }) => event === 'reload unavailable')!.facts
    assert.equal(reason, 'found one process, wanted 2 or more (workers)')
    assert.isNull(state.code)
    assert.isTrue(served.listener.listening)
  })

  it('ends with 1 at once after a second signal', async () => {
    const { served, said, state, stop } = await setUp({ routes: { 'GET /': new Held().handler } })
    const far = served.connect()
    far.send(get('/'))
    await stop()
    assert.isNull(state.code)
    await stop()
    assert.isTrue(far.cut)
    assert.equal(state.code, 1)
    assert.equal(said.at(-1), 'portico stopped: 0 requests finished, 0 rejected, 1 cut off (1 still running)\n')
  })

  it('ends with 1 after a second signal even when there was no request to cut off', async () => {
    const { served, state, stop } = await setUp()
    served.connect()
    await stop()
    await served.pass(50)
    assert.isNull(state.code, 'the idle peer has not closed its side yet')
    await stop()
    assert.equal(state.code, 1)
  })

  it('ends after a second signal even when a plugin never stops', async () => {
    const { served, state, stop } = await setUp({
      plugins: [{ name: 'a', routes: {}, stop: () => new Promise<void>(() => {}) }],
    })
    await stop()
    await stop()
    await served.pass(1000)
    assert.equal(state.code, 1)
  })

  it('ends after a second signal even when a plugin never starts', async () => {
    const { served, state, stop } = await setUp({
      plugins: [{ name: 'a', routes: {}, start: () => new Promise<void>(() => {}) }],
    })
    await stop()
    await stop()
    await served.pass(1000)
    assert.equal(state.code, 1)
  })

  it('drains the server once it has started when the signal came before', async () => {
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
