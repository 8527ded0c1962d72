import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { Metronome } from './support/metronome.js'
import { CRASH, PIPE } from './support/pool-plugin.js'
import { NONE_LOST, PooledServer, type PoolMetrics } from './support/pooled-server.js'
import { HAS_PROC } from './support/process-facts.js'
import type { RawClient } from './support/raw-client.js'
import { get } from '../wire/requests.js'
import { valueOf } from '../wire/response-parser.js'
import { eventually } from '../support/waiting.js'

type Lost = PoolMetrics['threads']['lost']

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

  /** Waits until these threads were lost, and all threads are ready again. */
  async function replaced(lost: Partial<Lost>): Promise<void> {
    const { configured } = (await pool.metrics()).threads
    await eventually('the threads are replaced', async () => {
      const { threads } = await pool.metrics()
      return threads.ready === configured && total(threads.lost) >= total(lost)
    })
    assert.deepEqual((await pool.metrics()).threads.lost, { ...NONE_LOST, ...lost })
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
        await replaced({ stuck: 1 })
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
        await replaced({ stuck: 2 })
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
      await replaced({ stuck: 3 })
      for (const client of [...waiting, ...spinning]) {
        client.send(get('/light'))
        assert.equal((await client.response()).status, 200)
      }
      assert.deepInclude((await pool.metrics()).rejections, { 'queue-full': 1, 'queue-timeout': 2 })
    })
  })

  it('to a system call that does not return: 504, the thread is replaced, and SIGTERM ends the process', async function () {
    if (!HAS_PROC) this.skip()
    await start({})
    execFileSync('mkfifo', [join(pool.folder.path, PIPE)])
    assert.equal((await pool.ask('/system-call')).status, 504)
    await pool.event('handler thread replaced')
    const { code, signal } = await pool.server.stop()
    assert.match(pool.server.program.stderr, /portico stopped: /)
    // The platform would wait for the thread, which only SIGKILL can end.
    assert.deepEqual([code, signal], [null, 'SIGKILL'])
  })

  describe('to a handler that takes too much memory', () => {
    for (const what of ['objects', 'buffers']) {
      it(`${what} in an endless loop: the thread is ended at its memory limit, the process and the other threads stay`, async function () {
        this.retries(NOISE)
        await start({ 'threadpool.memoryBytes': MEMORY_BYTES, handlerTimeoutMs: 20_000 })
        await withOthers(async () => {
          const response = await (await pool.connect(get(`/hoard/${what}`))).response()
          assert.equal(response.status, 503)
          await replaced({ memory: 1 })
        })
        assert.include(await pool.event('handler thread lost'), { cause: 'memory' })
      })
    }

    it('buffers that many requests leak: the thread is ended at its memory limit', async () => {
      await start({ 'threadpool.memoryBytes': MEMORY_BYTES, 'threadpool.workers': 1 })
      assert.equal((await pool.ask('/leak')).content, '1')
      await eventually('another thread starts from zero', async () => (await pool.ask('/leak')).content === '1')
      assert.deepEqual((await pool.metrics()).threads.lost, { ...NONE_LOST, memory: 1 })
    })
  })

  describe('to a plugin that', () => {
    const strays: [what: string, target: string, status: number, cause: keyof Lost][] = [
      ['ends its thread', '/stray/exit', 503, 'exited'],
      ['throws from a timer', '/stray/timer', 200, 'threw'],
      ['leaves a rejection unhandled', '/stray/rejection', 200, 'threw'],
    ]
    for (const [what, target, status, cause] of strays) {
      it(`${what}: the requests of its thread are 503 or cut off, those of other threads continue`, async () => {
        await start({ 'threadpool.workers': 2, handlerTimeoutMs: 20_000 })
        // Each thread gets as many streams and as many waiting handlers as the other.
        const streams = [await ticking(), await ticking(), await ticking(), await ticking()]
        const waiting = [await pool.connect(get('/wait/10000')), await pool.connect(get('/wait/10000'))]
        await eventually('all have begun', async () => (await pool.metrics()).threads.inFlight === 6)
        const stray = await (await pool.connect(get(target))).response()
        await replaced({ [cause]: 1 })
        const line = await pool.event('handler thread lost')
        assert.include(line, { cause })
        if (cause === 'threw') assert.include((line['error'] as { message: string }).message, 'a stray error')
        assert.equal(stray.status, status)
        await eventually('one that waited is answered', () => waiting.some((client) => client.unreadOctets > 0))
        const [answered, ...others] = waiting.toSorted((one, other) => other.unreadOctets - one.unreadOctets)
        assert.equal((await answered!.response()).status, 503)
        for (const client of others) assert.equal(client.unreadOctets, 0)
        for (const { client, thread } of streams) {
          if (thread === line['thread']) await assertCut(client)
          else await assertGoesOn(client)
        }
        assert.sameMembers([...new Set(streams.map(({ thread }) => thread))], [1, 2])
      })
    }

    /** A stream that has begun, and the thread that produces it. */
    async function ticking(): Promise<{ client: RawClient; thread: number }> {
      const client = await pool.connect(get('/ticks'))
      const seen = await client.until('.\r\n')
      return { client, thread: Number(/thread (\d+)\.\r\n$/.exec(seen)![1]) }
    }

    async function assertCut(client: RawClient): Promise<void> {
      assert.notInclude(await client.rest(), '\r\n0\r\n')
      assert.equal(client.ending, 'reset')
    }

    async function assertGoesOn(client: RawClient): Promise<void> {
      const before = client.unreadOctets
      await eventually('the stream continues', () => client.unreadOctets > before)
      assert.isNull(client.ending)
    }

    it('crashes its thread after each start: replacements slow down, readiness fails, requests are refused, and it recovers', async () => {
      await start({ 'threadpool.workers': 2 })
      pool.folder.write(CRASH, '')
      await Promise.all(['/stray/exit', '/stray/exit'].map((target) => pool.connect(get(target))))
      await eventually('readiness fails', async () => (await pool.ask('/readyz')).status === 503)
      assert.equal((await pool.ask('/readyz')).content, 'threads crash\n')
      await eventually('requests are refused', async () => 'threads-crash' in (await asked()).rejections)
      const beganMs = performance.now()
      const refused = await pool.ask('/light')
      assert.equal(refused.status, 503)
      assert.isDefined(valueOf(refused, 'retry-after'))
      assert.equal((await pool.ask('/inline')).content, 'inline\n')
      assert.isBelow(performance.now() - beganMs, AT_ONCE_MS)
      await pool.event('handler thread crash loop')
      const ofFirst = pool.events('handler thread lost').filter(({ thread }) => thread === 1)
      const delaysMs = ofFirst.map(({ replacedInMs }) => replacedInMs as number)
      assert.deepEqual(delaysMs.slice(0, 4), [100, 200, 400, 800])
      pool.folder.delete(CRASH)
      await eventually('it serves again', async () => (await pool.ask('/light')).status === 200)
    })

    /** The metrics after one more request that needs a thread. */
    async function asked(): Promise<PoolMetrics> {
      await pool.ask('/light')
      return pool.metrics()
    }
  })
})

const total = (lost: Partial<Lost>): number => Object.values(lost).reduce((sum, each) => sum + each, 0)
