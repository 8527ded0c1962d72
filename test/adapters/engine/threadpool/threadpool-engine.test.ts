import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { ContentReader } from '../../../../src/app/serving/content-reader.js'
import { DeadlineError } from '../../../../src/domain/lifecycle/deadline-error.js'
import type { Response, StreamedContent } from '../../../../src/domain/message/response.js'
import { settled } from '../../../app/serving/served.js'
import { DEFAULT_SETTINGS } from '../../../fakes/settings.js'
import { counted, INLINE, QUICK, type Run, SLOW, TestPool } from './test-pool.js'

describe('ThreadpoolEngine', () => {
  describe('requests', () => {
    it('sends the requests of one turn in one batch', async () => {
      const pool = await TestPool.started({ workers: 1 })
      const runs = Array.from({ length: 8 }, () => pool.run())
      await settled()
      const [batch, ...more] = pool.threads.at(1).batches
      assert.equal(batch?.filter(([kind]) => kind === 'request').length, 8)
      assert.isEmpty(more)
      for (const [, number] of pool.threads.at(1).requests) pool.threads.at(1).answers('done', number)
      await settled()
      assert.deepEqual(counted(runs), { done: 8 })
    })

    it('sends the index of the route, and everything that a handler may read', async () => {
      const pool = await TestPool.started()
      const { request } = pool.run(SLOW)
      await settled()
      const thread = pool.threads.at(request.thread)
      assert.deepEqual(thread.setup.routes, ['GET /quick', 'GET /slow', 'GET /inline'])
      const message: unknown[] = thread.requests[0]!.slice(2)
      const fields = ['Hosta', [0, 4, 4, 5]]
      assert.deepEqual(message, [
        1,
        'GET',
        '/',
        '/',
        'q=1',
        ['id', '7'],
        ...fields,
        'none',
        'r-1',
        't',
        null,
        '192.0.2.1:5',
        null,
      ])
    })

    it('runs inline handlers at once, in the main thread', async () => {
      const pool = await TestPool.started()
      const { request } = pool.run()
      assert.equal(pool.engine.run(INLINE, request), 'inline')
    })

    it('assigns a slow request to each thread, and the next one when a thread is free', async () => {
      const pool = await TestPool.started()
      const runs = [pool.run(SLOW), pool.run(SLOW), pool.run(SLOW)]
      await settled()
      assert.deepEqual(pool.engine.queue, { length: 1, capacity: DEFAULT_SETTINGS.threadpool.queueSize })
      assert.deepEqual(runs.map(({ request }) => request.thread).sort(), [0, 1, 2])
      pool.threads.at(2).answers('first')
      await settled()
      assert.equal(pool.engine.queue.length, 0)
      assert.equal(runs[2]!.request.thread, 2)
    })

    it('assigns more requests while a handler only waits', async () => {
      const pool = await TestPool.started({ workers: 1 })
      pool.run(SLOW)
      pool.run(SLOW)
      await settled()
      const thread = pool.threads.at(1)
      assert.lengthOf(thread.requests, 1)
      thread.claim()
      thread.sends(['yielded', thread.latest])
      await settled()
      assert.lengthOf(thread.requests, 2)
    })

    it('refuses a request at once when the queue is full, and later when it has waited too long', async () => {
      const pool = await TestPool.started({ queueSize: 2, queueTimeoutMs: 1000 })
      const runs = Array.from({ length: 6 }, () => pool.run(SLOW))
      await settled()
      assert.deepEqual(counted(runs), { 'queue-full': 2, null: 4 })
      for (const thread of pool.threads.started) thread.claim()
      await pool.pass(1100)
      assert.deepEqual(counted(runs), { 'queue-full': 2, 'queue-timeout': 2, null: 2 })
    })

    it('refuses a request that has waited as long as a handler may take, because no handler has begun it', async () => {
      const pool = await TestPool.started({ queueTimeoutMs: 10_000, workers: 1 })
      const [served, waiting] = [pool.run(SLOW), pool.run(SLOW)]
      await settled()
      pool.threads.at(1).claim()
      await pool.pass(5100)
      assert.deepEqual([served.outcome, waiting.outcome], [null, 'queue-timeout'])
    })

    it('watches the threads only while a request is in flight', async () => {
      const pool = await TestPool.started()
      const before = pool.clock.pending
      const { request } = pool.run()
      await settled()
      assert.equal(pool.clock.pending, before + 1)
      pool.threads.at(request.thread).answers('done')
      await pool.pass(20)
      assert.equal(pool.clock.pending, before)
    })
  })

  describe('an aborted request', () => {
    it('leaves the queue', async () => {
      const pool = await TestPool.started({ workers: 1 })
      pool.run(SLOW)
      const { request } = pool.run(SLOW)
      assert.equal(pool.engine.queue.length, 1)
      request.abort(new Error('left'))
      assert.equal(pool.engine.queue.length, 0)
    })

    it('is taken back from a thread that has not begun it', async () => {
      const pool = await TestPool.started()
      const { request } = pool.run()
      const thread = pool.threads.at(request.thread)
      request.abort(new Error('left'))
      await settled()
      assert.isFalse(thread.claim())
      assert.deepEqual([pool.engine.threads.inFlight, request.thread], [0, 0])
    })

    it('frees its slot when the thread confirms the abort, and a late answer is ignored', async () => {
      const { pool, run, thread } = await TestPool.withClaimed()
      await pool.pass(100)
      run.request.abort(new Error('left'))
      await settled()
      const [, number, error, isOverdue] = thread.received('abort')[0]!
      assert.deepInclude(error, { message: 'left' })
      assert.isFalse(isOverdue)
      assert.equal(pool.engine.threads.inFlight, 1)
      thread.sends(['cancelled', number, 0])
      assert.equal(pool.engine.threads.inFlight, 0)
      thread.sends(['text', number, 0, 'late'])
      await settled()
      assert.isNull(run.outcome)
    })

    it('has its stream fail, not end', async () => {
      const { run, thread } = await TestPool.withClaimed()
      thread.sends(['stream', thread.latest, 200, '', null])
      const { pieces } = ((await run.answer) as Response).content as StreamedContent
      const next = (pieces as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]().next()
      run.request.abort(new Error('framing'))
      thread.sends(['cancelled', thread.latest, 0])
      const error = await next.catch((reason: unknown) => reason)
      assert.equal((error as Error).message, 'framing')
    })

    it('has its thread ended if that does not confirm the abort in time', async () => {
      const pool = await TestPool.started({ workers: 1 })
      const [overdue, other] = [pool.run(), pool.run()]
      await settled()
      const thread = pool.threads.at(overdue.request.thread)
      for (const [, number] of thread.requests) thread.claim(number)
      thread.sends(...thread.requests.map(([, number]) => ['yielded', number] as const))
      await pool.pass(5000)
      overdue.request.abort(new DeadlineError('handler timed out'))
      await pool.pass(990)
      assert.isFalse(thread.isEnded)
      await pool.pass(20)
      assert.isTrue(thread.isEnded)
      assert.deepEqual([overdue.outcome, other.outcome], [null, 'thread-lost'])
      assert.deepInclude(pool.engine.threads, { configured: 1, ready: 0, inFlight: 0 })
      assert.deepEqual(pool.errors, [['handler thread lost', 'stuck']])
    })

    it('leaves its thread as much time as a handler may take if the peer has left early', async () => {
      const { pool, run, thread } = await TestPool.withClaimed()
      const { request } = run
      request.abort(new Error('left'))
      await pool.pass(5500)
      assert.isFalse(thread.isEnded)
      await pool.pass(600)
      assert.isTrue(thread.isEnded)
    })
  })

  describe('a request that awaits its peer', () => {
    it('leaves room for others: while the peer reads a stream', async () => {
      const pool = await TestPool.started({ workers: 1, concurrency: 1 })
      const { thread } = await pool.claimNext()
      thread.sends(['stream', thread.latest, 200, '', null])
      const { run } = await pool.claimNext()
      thread.answers('meanwhile')
      await settled()
      assert.equal(run.outcome, 'meanwhile')
    })

    it('leaves room for others: while the handler waits for content', async () => {
      const pool = await TestPool.started({ workers: 1, concurrency: 1 })
      const reader = new ContentReader(() => undefined)
      pool.run(QUICK, reader)
      await settled()
      const thread = pool.threads.at(1)
      thread.claim()
      const next = pool.run()
      await settled()
      assert.equal(pool.engine.queue.length, 1)
      thread.sends(['pull', thread.latest])
      await settled()
      assert.equal(pool.engine.queue.length, 0)
      thread.answers('meanwhile')
      await settled()
      assert.equal(next.outcome, 'meanwhile')
      reader.push(Buffer.from('at last'))
      await settled()
      pool.run()
      assert.equal(pool.engine.queue.length, 1, 'the handler resumes')
    })
  })

  it('runs no request twice and loses none, whatever its threads do', async () => {
    const step = fc.record({
      act: fc.constantFrom('run', 'run', 'claim', 'claim', 'answer', 'alive', 'pass', 'abort', 'exit'),
      which: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const pool = await TestPool.started()
        const runs: Run[] = []
        const aborted = new Set<Run>()
        for (const { act, which } of steps) {
          const thread = pool.threads.at(1 + (which % 2))
          const claimed = thread.requests.find(([, , , , , , , , , , , id]) => thread.begun.includes(id))
          if (act === 'run') runs.push(pool.run(which % 3 === 0 ? SLOW : QUICK, null, false, `r-${runs.length}`))
          else if (act === 'pass') await pool.pass(30)
          else if (thread.isEnded) continue
          else if (act === 'claim') thread.requests.some(([, number]) => thread.claim(number))
          else if (act === 'answer' && claimed !== undefined) thread.sends(['text', claimed[1], 0, 'answered'])
          else if (act === 'alive') thread.sends(['alive'])
          else if (act === 'exit' && which % 5 === 0) thread.exits()
          else if (act === 'abort' && runs.length > 0) {
            const run = runs[which % runs.length]!
            if (run.outcome === null) aborted.add(run)
            run.request.abort(new Error('left'))
          }
          await settled()
        }
        await pool.finish()
        const begun = pool.threads.started.flatMap((thread) => thread.begun)
        assert.lengthOf(new Set(begun), begun.length, 'no request is begun twice')
        for (const run of runs) if (!aborted.has(run)) assert.isNotNull(run.outcome, `${run.request.id} has ended`)
        assert.deepInclude(pool.engine.threads, { inFlight: 0 })
        assert.equal(pool.engine.queue.length, 0)
      }),
      { numRuns: 40 },
    )
  })

  describe('start and stop', () => {
    it('fails when a thread cannot start: the others are stopped, and the error has the reason', async () => {
      const pool = new TestPool()
      const starting = pool.begin().catch((error: unknown) => error)
      const [one, two] = pool.threads.started
      two!.sends(['start-failed', 'Cannot start plugin "x"'])
      await settled()
      one!.sends(['stopped'])
      assert.equal(((await starting) as Error).message, 'Cannot start plugin "x"')
      assert.isTrue(one!.isEnded && two!.isEnded)
    })

    it('fails when a thread exits first', async () => {
      const pool = new TestPool()
      const starting = pool.begin().catch((error: unknown) => error)
      pool.threads.at(2).exits(new Error('no such module'))
      await settled()
      pool.threads.at(1).sends(['stopped'])
      assert.equal(((await starting) as Error).message, 'no such module')
    })

    it('a replacement that cannot start counts as lost', async () => {
      const pool = await TestPool.started({ workers: 1 })
      pool.threads.at(1).exits()
      await pool.pass(100)
      pool.threads.at(1).sends(['start-failed', 'broken in the meantime'])
      assert.isTrue(pool.threads.at(1).isEnded)
      assert.deepEqual(pool.errors, [
        ['handler thread lost', 'exited'],
        ['handler thread lost', 'threw'],
      ])
      await pool.pass(200)
      assert.lengthOf(pool.threads.started, 3)
    })

    it('stops the plugins of each thread, and then ends the thread', async () => {
      const pool = await TestPool.started()
      const stopping = pool.engine.stop()
      await settled()
      for (const thread of pool.threads.started) {
        assert.lengthOf(thread.received('stop'), 1)
        assert.isFalse(thread.isEnded)
        thread.sends(['log', 'info', 'last words', {}], ['stopped'])
      }
      await stopping
      assert.isTrue(pool.threads.started.every(({ isEnded }) => isEnded))
      assert.lengthOf(
        pool.log.events.filter(({ event }) => event === 'last words'),
        2,
      )
      assert.equal(pool.clock.pending, 0)
    })

    it('takes a bounded time if a thread does not stop', async () => {
      const pool = await TestPool.started()
      const stopping = pool.engine.stop()
      await pool.pass(5000)
      await stopping
      assert.isTrue(pool.threads.started.every(({ isEnded }) => isEnded))
      assert.isEmpty(pool.errors)
    })
  })
})
