import { setTimeout } from 'node:timers/promises'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { Metronome } from './support/metronome.js'
import { PooledServer } from './support/pooled-server.js'
import type { RawClient } from './support/raw-client.js'
import { get } from '../wire/requests.js'
import { eventually } from '../support/waiting.js'

/** How much slower other requests may get while a handler does not return. */
const LOSS_MS = 50
/** Retries: a busy machine may delay requests that much once or twice, a fault of the pool would do so every time. */
const NOISE = 2
/** For how long other requests are measured without a fault. */
const CALM_MS = 500

const HANDLER_TIMEOUT_MS = 500

/** The limit for a response without waiting, on a busy machine; less than any timeout here. */
const AT_ONCE_MS = 400

const MEMORY_BYTES = 48 * 1024 * 1024

describe('handler threads that are lost', () => {
  let pool: PooledServer

  afterEach(() => pool.remove())

  async function start(settings: Readonly<Record<string, number>>): Promise<void> {
    pool = await PooledServer.start({ handlerTimeoutMs: HANDLER_TIMEOUT_MS, 'threadpool.workers': 3, ...settings })
  }

  /** Sends small requests during a fault: none of them may fail, or take much longer than without the fault. */
  async function withOthers(fault: () => Promise<void>): Promise<void> {
    const others = await Metronome.start(pool.server.port)
    await fault()
    const worstMs = others.mark()
    // Measures without the fault as well: delays of the machine itself do not count.
    await setTimeout(CALM_MS)
    const calmMs = await others.stop()
    assert.deepEqual(others.failures, [])
    assert.isBelow(worstMs - calmMs, LOSS_MS, 'milliseconds by which others were delayed')
  }

  describe('to a handler that spins', () => {
    it('on one thread: 504 in time, no effect on others, and the thread is replaced and the cause logged', async function () {
      this.retries(NOISE)
      await start({})
      await withOthers(async () => {
        const beganMs = performance.now()
        const client = await pool.connect(get('/spin'))
        const response = await client.response()
        assert.equal(response.status, 504)
        assert.isAtLeast(performance.now() - beganMs, HANDLER_TIMEOUT_MS)
        client.send(get('/light'))
        assert.equal((await client.response()).status, 200, 'the connection persists')
        await pool.untilReplaced({ stuck: 1 })
      })
      const line = await pool.event('handler thread lost')
      assert.include(line, { level: 'error', cause: 'stuck' })
      assert.isAtLeast(line['thread'] as number, 1)
      assert.equal((await pool.event('handler thread replaced'))['thread'], line['thread'])
    })

    it('on two threads at once: the remaining thread serves the others', async function () {
      this.retries(NOISE)
      await start({})
      await withOthers(async () => {
        const clients = [await pool.connect(get('/spin')), await pool.connect(get('/spin'))]
        for (const client of clients) assert.equal((await client.response()).status, 504)
        await pool.untilReplaced({ stuck: 2 })
      })
    })

    it("its thread's earlier responses are sent at once, and other threads run the requests that it has not begun", async () => {
      await start({})
      // The requests of a route that has been quick are assigned to a thread in a batch.
      for (let round = 0; round < 10; round++) await pool.ask('/at-times/calm')
      const clients = await Promise.all(Array.from({ length: 60 }, () => pool.connect()))
      // All connections are open before, so that the server reads them in the order of their requests.
      for (const client of clients) await answered(client)
      const spinning = clients[30]!
      for (const client of clients) client.send(get(client === spinning ? '/at-times/spin' : '/at-times/calm'))
      const beganMs = performance.now()
      for (const client of clients) {
        if (client !== spinning) assert.equal((await client.response()).content, 'calm\n')
      }
      assert.isBelow(performance.now() - beganMs, AT_ONCE_MS)
      assert.equal((await spinning.response()).status, 504)
    })

    async function answered(client: RawClient): Promise<void> {
      client.send(get('/inline'))
      assert.equal((await client.response()).status, 200)
    }

    it('after its response, outside of any request: the thread is replaced', async () => {
      await start({ 'threadpool.workers': 1 })
      assert.equal((await pool.ask('/spin-behind')).content, 'done\n')
      await pool.event('handler thread replaced')
      assert.equal((await pool.ask('/light')).status, 200)
    })

    it('on every thread: waiting requests are refused in time, and all is well once the threads are replaced', async () => {
      await start({ 'threadpool.queueTimeoutMs': 300, 'threadpool.queueSize': 2 })
      const spinning = await Promise.all([1, 2, 3].map(() => pool.connect(get('/spin'))))
      await eventually('all threads are busy', async () => (await pool.metrics()).threads.inFlight === 3)
      const beganMs = performance.now()
      const waiting = await Promise.all([1, 2].map(() => pool.connect(get('/light'))))
      await eventually('the others wait', async () => (await pool.metrics()).queue.length === 2)
      assert.equal((await pool.ask('/light')).status, 503, 'the queue is full')
      assert.isBelow(performance.now() - beganMs, 300)
      for (const client of waiting) assert.equal((await client.response()).status, 503)
      for (const client of spinning) assert.equal((await client.response()).status, 504)
      await pool.untilReplaced({ stuck: 3 })
      for (const client of [...waiting, ...spinning]) {
        client.send(get('/light'))
        assert.equal((await client.response()).status, 200)
      }
      assert.deepInclude((await pool.metrics()).rejections, { 'queue-full': 1, 'queue-timeout': 2 })
    })
  })

  describe('to a handler that takes too much memory', () => {
    for (const what of ['objects', 'buffers']) {
      it(`${what} in an endless loop: the thread is ended at its memory limit, the process and the other threads stay`, async function () {
        this.retries(NOISE)
        await start({ 'threadpool.memoryBytes': MEMORY_BYTES, handlerTimeoutMs: 20_000 })
        await withOthers(async () => {
          const response = await (await pool.connect(get(`/hoard/${what}`))).response()
          assert.equal(response.status, 503)
          await pool.untilReplaced({ memory: 1 })
        })
        assert.include(await pool.event('handler thread lost'), { cause: 'memory' })
      })
    }
  })
})
