import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { eventually } from '../support/waiting.js'
import { get } from '../wire/requests.js'
import { valueOf } from '../wire/response-parser.js'
import { CRASH, PIPE } from './support/pool-plugin.js'
import { NONE_LOST, PooledServer, type PoolMetrics } from './support/pooled-server.js'
import { HAS_PROC } from './support/process-facts.js'
import type { RawClient } from './support/raw-client.js'

type Lost = PoolMetrics['threads']['lost']

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

  it('to buffers that many requests leak: the thread is ended at its memory limit', async () => {
    await start({ 'threadpool.memoryBytes': MEMORY_BYTES, 'threadpool.workers': 1 })
    assert.equal((await pool.ask('/leak')).content, '1')
    await eventually('another thread starts from zero', async () => (await pool.ask('/leak')).content === '1')
    assert.deepEqual((await pool.metrics()).threads.lost, { ...NONE_LOST, memory: 1 })
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
        await pool.untilReplaced({ [cause]: 1 })
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
