import { assert } from 'chai'
import { describe, it } from 'mocha'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { settled } from '../serving/served.js'
import { KILLED, NOTHING_CUT, rejection, Supervised } from './supervised.js'

const TIMEOUT_MS = DEFAULT_SETTINGS.workerTimeoutMs

describe('Supervisor', () => {
  describe('start()', () => {
    it('reports its addresses and the number of workers when all are ready', async () => {
      const { supervisor } = new Supervised({ settings: { port: 0, workers: 3 } })
      const addresses = { http: { host: '127.0.0.1', port: 40_000 }, https: null, admin: null }
      assert.deepEqual(await supervisor.start(), { addresses, workers: 3, socket: 'net' })
    })

    it('starts one worker per core for `auto`', async () => {
      const { processes } = await Supervised.start({ settings: { workers: 'auto' }, cores: 4 })
      assert.lengthOf(processes, 4)
    })

    it('gives each worker its number and its share of maxConnections', async () => {
      const { processes } = await Supervised.start({ settings: { workers: 3, maxConnections: 10 } })
      const configuration = processes.map((process) => process.messages('start')[0]!.configuration)
      assert.deepEqual(
        configuration.map(({ worker, settings }) => [worker, settings.maxConnections]),
        [
          [1, 4],
          [2, 4],
          [3, 4],
        ],
      )
    })

    it('fails before it starts a worker when the address is in use', async () => {
      const { supervisor, acceptor, processes } = new Supervised()
      acceptor.failure = Object.assign(new Error('Cannot listen on there: in use'), { code: 'EADDRINUSE' })
      assert.equal(await rejection(supervisor.start()), 'Cannot listen on there: in use')
      assert.lengthOf(processes, 0)
    })

    it('fails with the error of a worker that cannot start, and leaves no process, listener or timer', async () => {
      const supervised = new Supervised()
      supervised.failing = 'Cannot load plugins: found 1 problem'
      assert.equal(await rejection(supervised.supervisor.start()), 'Cannot load plugins: found 1 problem')
      assert.deepEqual([supervised.alive, supervised.acceptor.open, supervised.clock.pending], [[], [], 0])
    })

    it('fails when a worker ends without an error, and says how it ended', async () => {
      const supervised = new Supervised()
      supervised.failing = 'dies'
      assert.match(await rejection(supervised.supervisor.start()), /^Cannot start worker [12]: it ended with code 1$/)
    })
  })

  describe('drain()', () => {
    it('drains all workers, waits for them, and adds up their reports', async () => {
      const supervised = await Supervised.start()
      supervised.report = { finished: 2, rejected: 1, cut: { cut: 1 } }
      assert.deepEqual(await supervised.supervisor.drain(), { finished: 4, rejected: 2, cut: { cut: 2 } })
      assert.deepEqual([supervised.alive, supervised.acceptor.open, supervised.clock.pending], [[], [], 0])
    })

    it('keeps the listener open until a worker wants no more connections', async () => {
      const supervised = await Supervised.start()
      for (const process of supervised.processes) process.isResponsive = false
      const draining = supervised.supervisor.drain()
      await settled()
      assert.lengthOf(supervised.acceptor.open, 1)
      for (const process of supervised.processes) {
        process.isResponsive = true
        process.emit({ kind: 'close' })
      }
      await draining
      assert.lengthOf(supervised.acceptor.open, 0)
    })

    it('counts a worker that dies in the drain as a lost request, and logs it', async () => {
      const supervised = await Supervised.start()
      supervised.processes[0]!.isResponsive = false
      const draining = supervised.supervisor.drain()
      supervised.processes[0]!.endBy(KILLED)
      assert.deepEqual(await draining, { ...NOTHING_CUT, cut: { lost: 1 } })
      assert.deepInclude(supervised.events('worker lost')[0], { worker: 1, signal: 'SIGKILL', phase: 'draining' })
    })

    it('includes the report of a worker that drained on its own just before', async () => {
      const supervised = await Supervised.start()
      supervised.report = { finished: 3, rejected: 0, cut: {} }
      supervised.processes[0]!.emit({ kind: 'close' })
      await settled()
      assert.deepEqual(await supervised.supervisor.drain(), { finished: 6, rejected: 0, cut: {} })
    })

    it('interrupts a reload', async () => {
      const supervised = await Supervised.start()
      supervised.supervisor.reload()
      await supervised.supervisor.drain()
      await supervised.pass(500)
      assert.deepEqual([supervised.alive, supervised.events('reload refused')], [[], []])
    })

    it('kills a worker that does not answer during the drain', async () => {
      const supervised = await Supervised.start()
      supervised.processes[0]!.isResponsive = false
      const draining = supervised.supervisor.drain()
      await supervised.pass(TIMEOUT_MS + 3000)
      assert.deepEqual((await draining).cut, { lost: 1 })
    })
  })

  it('force() kills all workers', async () => {
    const supervised = await Supervised.start()
    supervised.supervisor.force()
    await settled()
    assert.lengthOf(supervised.alive, 0)
  })
})
