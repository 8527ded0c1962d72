import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { Unavailable } from '../../../../src/domain/lifecycle/unavailable.js'
import type { Response, StreamedContent } from '../../../../src/domain/message/response.js'
import { settled } from '../../../app/serving/served.js'
import type { FakeThread } from './fake-thread.js'
import { SLOW, TestPool } from './test-pool.js'

describe('ThreadpoolEngine: lost threads', () => {
  describe('a thread that is lost', () => {
    const oom = Object.assign(new Error('out of memory'), { code: 'ERR_WORKER_OUT_OF_MEMORY' })
    const losses: [cause: string, lose: (thread: FakeThread) => void][] = [
      ['exited', (thread) => thread.exits()],
      ['threw', (thread) => thread.exits(new Error('outside of a request'))],
      ['memory', (thread) => thread.exits(oom)],
      ['memory', (thread) => thread.sends(['memory', 1 << 30])],
    ]
    for (const [cause, lose] of losses) {
      it(`(${cause}) fails the requests that it has begun, keeps the others waiting, and is replaced`, async () => {
        const pool = await TestPool.started({ workers: 1 })
        const [begun, waiting] = [pool.run(), pool.run()]
        await settled()
        const thread = pool.threads.at(1)
        thread.claim(thread.requests[0]![1])
        lose(thread)
        await settled()
        assert.deepEqual([begun.outcome, waiting.outcome], ['thread-lost', null])
        assert.deepInclude(pool.engine.threads.lost, { [cause]: 1 })
        assert.deepEqual(pool.errors, [['handler thread lost', cause]])
        await pool.pass(100)
        assert.lengthOf(pool.threads.started, 2)
        pool.threads.at(1).sends(['ready'])
        await settled()
        pool.threads.at(1).answers('by its replacement')
        await settled()
        assert.equal(waiting.outcome, 'by its replacement')
        assert.isNull(pool.engine.trouble)
      })
    }

    it('logs how much memory it used', async () => {
      const { pool, thread } = await TestPool.withClaimed()
      thread.sends(['memory', 1 << 30])
      assert.deepInclude(pool.log.events.at(-1)!.facts, { cause: 'memory', memoryBytes: 1 << 30 })
    })

    it('again and again soon after it was ready is in a crash loop, however long it took to start', async () => {
      const pool = await TestPool.started({ workers: 1 })
      for (let loss = 0; loss < 5; loss++) {
        pool.threads.at(1).exits()
        await pool.pass(1600)
        await pool.pass(11_000)
        pool.threads.at(1).sends(['ready'])
      }
      assert.equal(pool.engine.trouble, 'threads crash')
    })

    it('cuts off the streams that it has begun', async () => {
      const { run, thread } = await TestPool.withClaimed()
      thread.sends(['stream', thread.latest, 200, '', null], ['piece', thread.latest, Buffer.from('a')])
      const { pieces } = ((await run.answer) as Response).content as StreamedContent
      const iterator = (pieces as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
      assert.equal(Buffer.from((await iterator.next()).value as Uint8Array).toString(), 'a')
      thread.exits()
      const error = (await iterator.next().catch((reason: unknown) => reason)) as Unavailable
      assert.equal(error.rule, 'thread-lost')
    })

    it('is replaced after growing delays; in a crash loop, requests are refused', async () => {
      const pool = await TestPool.started({ workers: 1 })
      const waiting = pool.run(SLOW)
      const delays: number[] = []
      for (let loss = 0; loss < 5; loss++) {
        pool.threads.at(1).exits()
        const facts = pool.log.events.at(loss === 4 ? -2 : -1)!.facts
        delays.push(facts['replacedInMs'] as number)
        await settled()
        if (loss < 4) {
          await pool.pass(delays.at(-1)!)
          pool.threads.at(1).sends(['ready'])
        }
      }
      assert.deepEqual(delays, [100, 200, 400, 800, 1600])
      assert.equal(pool.engine.trouble, 'threads crash')
      assert.include(
        pool.log.events.map(({ event }) => event),
        'handler thread crash loop',
      )
      const refused = pool.run()
      await settled()
      assert.deepEqual([waiting.outcome, refused.outcome], ['threads-crash', 'threads-crash'])
      await pool.pass(1600)
      pool.threads.at(1).sends(['ready'])
      const served = pool.run()
      await settled()
      pool.threads.at(1).answers('served again')
      await settled()
      assert.equal(served.outcome, 'served again')
      await pool.pass(10_000)
      assert.isNull(pool.engine.trouble)
    })
  })
})
