import { assert } from 'chai'
import { describe, it } from 'mocha'
import { singleProcessGroup } from '../../../src/app/workers/single-process-group.js'
import type { Plugin } from '../../../src/ports/plugins/plugin.js'
import type { WorkerGroup } from '../../../src/ports/workers/worker-group.js'
import { FakeEngine } from '../../fakes/fake-engine.js'
import { Served, type ServedOptions } from '../serving/served.js'

describe('Server: start', () => {
  it('starts plugins, then the engine, then listens', async () => {
    const engine = new FakeEngine()
    const plugins: Plugin[] = [{ name: 'a', routes: {}, start: () => void engine.life.push('plugin') }]
    const served = await Served.start({ plugins, engine })
    assert.deepEqual(engine.life, ['plugin', 'start'])
    assert.isTrue(served.listener.listening)
    assert.equal(served.server.phase, 'running')
  })

  it('does not listen, and stops the plugins that started, when a plugin cannot start', async () => {
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

  it('routes() lists the routes without listening, and stops the plugins again', async () => {
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

describe('Server: readiness', () => {
  const unready = async (options: ServedOptions): Promise<{ served: Served; why: () => string | null }> => {
    let why = (): string | null => 'not started'
    const plugin: Plugin = { name: 'asking', routes: (context) => ((why = context.unready), {}) }
    const served = await Served.start({ plugins: [plugin], ...options })
    return { served, why }
  }

  it('is the phase before the server runs and while it drains', async () => {
    const { served, why } = await unready({ settings: { drain: { noticeMs: 5000, timeoutMs: 0, pollIntervalMs: 50 } } })
    assert.isNull(why())
    const drained = served.server.drain()
    assert.equal(why(), 'notice')
    await served.pass(6000)
    await drained
    assert.equal(why(), 'stopped')
  })

  it('names the troubles of the engine and of the worker group', async () => {
    const engine = new FakeEngine()
    const group = { ...singleProcessGroup(), trouble: 'workers crash' as WorkerGroup['trouble'] }
    const { why } = await unready({ engine, group })
    assert.equal(why(), 'workers crash')
    engine.trouble = 'threads crash'
    assert.equal(why(), 'threads crash, workers crash')
  })

  it('stays green when a new worker has replaced this one', async () => {
    const { served, why } = await unready({})
    served.connect()
    void served.server.retire()
    assert.equal(served.server.phase, 'notice')
    assert.isNull(why())
  })
})
