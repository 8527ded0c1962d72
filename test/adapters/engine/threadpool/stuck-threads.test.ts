import { assert } from 'chai'
import { describe, it } from 'mocha'
import { DeadlineError } from '../../../../src/domain/lifecycle/deadline-error.js'
import { settled } from '../../../app/serving/served.js'
import { counted, MEBIBYTE, SLOW, TestPool } from './test-pool.js'

describe('ThreadpoolEngine: stuck threads', () => {
  describe('a thread that is stuck', () => {
    it('has the requests that it has not begun taken back for other threads, and none runs twice', async () => {
      const pool = await TestPool.started()
      const spinning = pool.run()
      await settled()
      const [stuck, other] = pool.pair
      stuck.claim()
      other.answersAll = true
      const unbegun = Array.from({ length: 6 }, () => pool.run())
      await settled()
      assert.isAbove(stuck.requests.length, 1)
      await pool.pass(40)
      assert.deepEqual(counted(unbegun), { [other.setup.thread]: 6 })
      for (const [, number] of stuck.requests) assert.isFalse(stuck.claim(number), 'it cannot begin any of them')
      assert.isNull(spinning.outcome)
    })

    it('keeps a request that it has begun, even if it answers late', async () => {
      const pool = await TestPool.started({ workers: 1 })
      const runs = [pool.run(), pool.run()]
      await settled()
      const thread = pool.threads.at(1)
      const [first, second] = thread.requests.map(([, number]) => number)
      thread.claim(first)
      await pool.pass(30)
      assert.isFalse(thread.claim(second))
      assert.equal(pool.engine.queue.length, 1)
      thread.answers('first', first)
      await settled()
      thread.answers('second')
      await settled()
      assert.deepEqual(
        runs.map(({ outcome }) => outcome),
        ['first', 'second'],
      )
    })

    it('gets no requests until it responds', async () => {
      const pool = await TestPool.started({ workers: 1 })
      const thread = pool.threads.at(1)
      thread.ignoresProbes = true
      pool.run()
      await pool.pass(30)
      assert.lengthOf(thread.requests, 1)
      assert.lengthOf(thread.received('probe'), 1)
      pool.run()
      await pool.pass(100)
      assert.lengthOf(thread.requests, 1)
      thread.sends(['alive'])
      await settled()
      assert.lengthOf(thread.requests, 3)
    })

    it('is detected by a probe if it has begun all of its requests', async () => {
      const pool = await TestPool.started()
      const spinning = pool.run(SLOW)
      await settled()
      const [stuck, other] = pool.pair
      stuck.claim()
      await pool.pass(120)
      assert.lengthOf(stuck.received('probe'), 1)
      other.batches.length = 0
      const [one, two] = [pool.run(SLOW), pool.run(SLOW)]
      await settled()
      assert.sameMembers([one.request.thread, two.request.thread], [other.setup.thread, 0])
      assert.isNull(spinning.outcome)
    })

    it('has its answers in the ring read', async () => {
      const pool = await TestPool.started({ workers: 1 })
      const [answered, spinning] = [pool.run(), pool.run()]
      await settled()
      const thread = pool.threads.at(1)
      const [first, second] = thread.requests.map(([, number]) => number)
      thread.putsInRing('in time', first)
      thread.claim(second)
      await pool.pass(10)
      assert.deepEqual([answered.outcome, spinning.outcome], ['in time', null])
    })

    it('has its answers in the ring read when it exits, too', async () => {
      const pool = await TestPool.started({ workers: 1 })
      const run = pool.run()
      await settled()
      pool.threads.at(1).putsInRing('at last')
      pool.threads.at(1).exits()
      await settled()
      assert.equal(run.outcome, 'at last')
    })

    it('is not considered responsive because of log lines, which it sends even if its event loop never turns', async () => {
      const pool = await TestPool.started()
      const run = pool.run(SLOW)
      await settled()
      const [stuck] = pool.pair
      stuck.claim()
      for (let line = 0; line < 20; line++) {
        pool.rssBytes += 4 * MEBIBYTE
        stuck.sends(['log', 'info', 'still at it', {}])
        await pool.pass(20)
      }
      assert.equal(run.outcome, 'thread-lost')
      assert.deepEqual(pool.errors, [['handler thread lost', 'memory']])
    })

    it('is ended when the process grows by more than its memory limit', async () => {
      const pool = await TestPool.started()
      const run = pool.run(SLOW)
      await settled()
      pool.pair[0].claim()
      await pool.pass(200)
      pool.rssBytes += 65 * MEBIBYTE
      await pool.pass(20)
      assert.equal(run.outcome, 'thread-lost')
      assert.deepEqual(pool.errors, [['handler thread lost', 'memory']])
    })

    it('is not ended for growth of the process before its request', async () => {
      const pool = await TestPool.started()
      await pool.pass(500)
      pool.rssBytes += 65 * MEBIBYTE
      await pool.pass(300)
      const run = pool.run(SLOW)
      await settled()
      pool.pair[0].claim()
      await pool.pass(300)
      assert.isNull(run.outcome)
      assert.isEmpty(pool.errors)
    })

    it('is ended when it has not responded for longer than a handler may take', async () => {
      const pool = await TestPool.started()
      const run = pool.run(SLOW)
      await settled()
      pool.pair[0].claim()
      await pool.pass(5900)
      assert.isNull(run.outcome)
      await pool.pass(200)
      assert.equal(run.outcome, 'thread-lost')
      assert.equal(pool.engine.threads.lost.stuck, 1)
    })
  })

  describe('a thread without requests', () => {
    it('is probed from time to time, and replaced if it does not answer', async () => {
      const pool = await TestPool.started()
      const [stuck, other] = [pool.threads.at(1), pool.threads.at(2)]
      stuck.ignoresProbes = true
      await pool.pass(1200)
      assert.isNotEmpty(stuck.received('probe'))
      await pool.pass(6000)
      assert.deepEqual([stuck.isEnded, other.isEnded], [true, false])
      assert.deepEqual(pool.errors, [['handler thread lost', 'stuck']])
    })

    it('is ended when the process grows by more than its memory limit while it does not answer', async () => {
      const pool = await TestPool.started()
      pool.threads.at(1).ignoresProbes = true
      await pool.pass(1200)
      pool.rssBytes += 65 * MEBIBYTE
      await pool.pass(50)
      assert.deepEqual(pool.errors, [['handler thread lost', 'memory']])
    })

    it('is reported as missing when a lost thread is not replaced for a while', async () => {
      const pool = await TestPool.started({ workers: 1 })
      pool.threads.at(1).exits()
      await pool.pass(1500)
      assert.isNull(pool.engine.trouble)
      await pool.pass(1000)
      assert.equal(pool.engine.trouble, 'no thread')
      pool.threads.at(1).ready()
      assert.isNull(pool.engine.trouble)
    })

    it('may take a minute to start, and no longer', async () => {
      const pool = await TestPool.started({ workers: 1 })
      pool.threads.at(1).exits()
      await pool.pass(100)
      const slow = pool.threads.at(1)
      pool.clock.advance(59_000)
      assert.isFalse(slow.isEnded)
      pool.clock.advance(2000)
      assert.isTrue(slow.isEnded)
      await pool.pass(500)
      assert.lengthOf(pool.threads.started, 3)
    })
  })

  describe('a main thread that was blocked', () => {
    it('does not blame threads for messages that it could not receive meanwhile', async () => {
      const { pool, run, thread } = await TestPool.withClaimed()
      run.request.abort(new DeadlineError('too late'))
      await pool.pass(500)
      pool.clock.advance(60_000)
      thread.sends(['cancelled', thread.latest, 0])
      await pool.pass(2500)
      assert.isFalse(thread.isEnded)
    })

    it('counts the blocked time as one check at most', async () => {
      const { pool, run, thread } = await TestPool.withClaimed()
      run.request.abort(new DeadlineError('too late'))
      await pool.pass(500)
      pool.clock.advance(60_000)
      await pool.pass(400)
      assert.isFalse(thread.isEnded)
      await pool.pass(200)
      assert.isTrue(thread.isEnded)
    })

    it('measures how long a thread takes from when the request was posted', async () => {
      const pool = await TestPool.started({ workers: 1 })
      pool.run()
      pool.clock.advance(60_000)
      await settled()
      await pool.pass(10)
      assert.isEmpty(pool.threads.at(1).received('probe'))
      await pool.pass(30)
      assert.lengthOf(pool.threads.at(1).received('probe'), 1)
    })
  })
})
