import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { ThreadpoolEngine } from '../../../../src/adapters/engine/threadpool/threadpool-engine.js'
import { ContentReader } from '../../../../src/app/serving/content-reader.js'
import { HandlerRequest } from '../../../../src/app/serving/handler-request.js'
import { FieldSection } from '../../../../src/domain/message/field-section.js'
import type { Response, StreamedContent } from '../../../../src/domain/message/response.js'
import { WINDOW } from '../../../../src/domain/threadpool/credit-window.js'
import { DeadlineError } from '../../../../src/domain/lifecycle/deadline-error.js'
import type { Unavailable } from '../../../../src/domain/lifecycle/unavailable.js'
import type { PlacedHandler } from '../../../../src/ports/serving/engine.js'
import type { MetricsSnapshot } from '../../../../src/ports/operations/metrics.js'
import type { Answer, SharedContext } from '../../../../src/ports/plugins/plugin.js'
import type { Settings } from '../../../../src/ports/operations/settings.js'
import { settled } from '../../../app/serving/served.js'
import { RecordingEventLog } from '../../../fakes/event-log.js'
import { FakeClock } from '../../../fakes/fake-clock.js'
import { FakeFiles } from '../../../fakes/fake-files.js'
import { DEFAULT_SETTINGS } from '../../../fakes/settings.js'
import { FakeThreads, type FakeThread } from './fake-thread.js'

const MEBIBYTE = 1024 * 1024
const place = (pattern: string, inline = false): PlacedHandler => ({
  method: 'GET',
  pattern,
  inline,
  handler: () => 'inline',
})
const [QUICK, SLOW, INLINE] = [place('/quick'), place('/slow'), place('/inline', true)]

/** A pool whose threads, clock and memory are the test's. */
class Pool {
  readonly clock = new FakeClock()
  readonly threads = new FakeThreads()
  readonly log = new RecordingEventLog()
  readonly engine: ThreadpoolEngine
  rssBytes = 100 * MEBIBYTE
  snapshot: () => Promise<MetricsSnapshot> = () => Promise.resolve({ engine: 'asked' } as MetricsSnapshot)
  unready: string | null = null

  constructor(threadpool: Partial<Settings['threadpool']> = {}) {
    const settings = {
      handlerTimeoutMs: 5000,
      maxConnections: 100,
      threadpool: { ...DEFAULT_SETTINGS.threadpool, workers: 2, memoryBytes: 64 * MEBIBYTE, ...threadpool },
    }
    this.engine = new ThreadpoolEngine(settings, this.clock, this.threads.start, () => this.rssBytes)
  }

  /** A pool at work, whose routes are quick and slow by what they have cost. */
  static async started(threadpool?: Partial<Settings['threadpool']>): Promise<Pool> {
    const pool = new Pool(threadpool)
    await pool.start()
    for (let times = 0; times < 30; times++) await pool.trial(QUICK, 0.1)
    await pool.trial(SLOW, 5)
    await pool.pass(2500)
    for (const thread of pool.threads.started) thread.batches.length = thread.begun.length = 0
    return pool
  }

  /** A pool at work on one request. */
  static async atWork(): Promise<{ readonly pool: Pool; readonly run: Run; readonly thread: FakeThread }> {
    const pool = await Pool.started()
    return { pool, ...(await pool.claimed()) }
  }

  begin(): Promise<void> {
    return this.engine.start([QUICK, SLOW, INLINE], this.context())
  }

  async start(): Promise<void> {
    const starting = this.begin()
    for (const thread of this.threads.started) thread.ready()
    await starting
  }

  run(placed = QUICK, content: ContentReader | null = null, expectsContinue = false, id = 'r-1'): Run {
    return new Run(this.engine, placed, content, expectsContinue, id)
  }

  /** One more request, which its thread has begun. */
  async claimed(): Promise<{ readonly run: Run; readonly thread: FakeThread }> {
    const run = this.run()
    await settled()
    const thread = this.threads.at(run.request.thread)
    thread.claim()
    return { run, thread }
  }

  /** Lets time pass in small steps, so that the watch looks and messages are flushed. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(left, 10))
      await settled()
    }
  }

  /** Has all threads do what they were handed, and those that are no more replaced. */
  async finish(): Promise<void> {
    for (let round = 0; round < 150 && !this.isIdle; round++) {
      for (const thread of this.threads.started) if (!thread.isEnded) thread.catchUp()
      await this.pass(100)
    }
  }

  private get isIdle(): boolean {
    return this.engine.queue.length === 0 && this.engine.threads.inFlight === 0
  }

  get alarms(): [string, unknown][] {
    return this.log.events.filter(({ level }) => level === 'error').map(({ event, facts }) => [event, facts['cause']])
  }

  /** The thread that was handed something, and the other. */
  get pair(): [handed: FakeThread, other: FakeThread] {
    const [one, two] = [this.threads.at(1), this.threads.at(2)]
    return one.requests.length > 0 ? [one, two] : [two, one]
  }

  private context(): SharedContext {
    return {
      log: this.log,
      files: new FakeFiles({}),
      metrics: { snapshot: () => this.snapshot(), perWorker: () => Promise.resolve([]) },
      phase: () => 'running',
      unready: () => this.unready,
      thread: 0,
    }
  }

  private async trial(placed: PlacedHandler, costMs: number): Promise<void> {
    const run = this.run(placed)
    await settled()
    this.threads.at(run.request.thread).answers('', undefined, costMs)
    await run.answer
  }
}

/** One request, and what has become of it. */
class Run {
  readonly request: HandlerRequest
  readonly answer: Promise<Answer>
  outcome: string | null = null

  constructor(
    engine: ThreadpoolEngine,
    placed: PlacedHandler,
    content: ContentReader | null,
    expectsContinue: boolean,
    id: string,
  ) {
    const fields = FieldSection.of([['Host', 'a']])
    const head = { method: 'GET', target: '/', path: '/', query: 'q=1', fields, expectsContinue }
    const owner = {
      request: id,
      trace: 't',
      spanFields: null,
      peer: '192.0.2.1:5',
      security: null,
      log: new RecordingEventLog(),
    }
    const request = new HandlerRequest(head, { id: '7' }, content, owner)
    this.request = request
    this.answer = (async () => engine.run(placed, request))()
    this.answer.then(
      (answer) => (this.outcome = typeof answer === 'string' ? answer : String(answer.status)),
      (error: unknown) => (this.outcome = (error as Unavailable).rule),
    )
  }
}

const counted = (run: Run[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { outcome } of run) counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1
  return counts
}

describe('ThreadpoolEngine', () => {
  describe('handing over', () => {
    it('has the requests of one turn cross in one batch', async () => {
      const pool = await Pool.started({ workers: 1 })
      const runs = Array.from({ length: 8 }, () => pool.run())
      await settled()
      const [batch, ...more] = pool.threads.at(1).batches
      assert.equal(batch?.filter(([kind]) => kind === 'request').length, 8)
      assert.isEmpty(more)
      for (const [, number] of pool.threads.at(1).requests) pool.threads.at(1).answers('done', number)
      await settled()
      assert.deepEqual(counted(runs), { done: 8 })
    })

    it('names the route by its index, and tells all that a handler may see', async () => {
      const pool = await Pool.started()
      const { request } = pool.run(SLOW)
      await settled()
      const thread = pool.threads.at(request.thread)
      assert.deepEqual(thread.setup.routes, ['GET /quick', 'GET /slow', 'GET /inline'])
      const told: unknown[] = thread.requests[0]!.slice(2)
      const fields = ['Hosta', [0, 4, 4, 5]]
      assert.deepEqual(told, [
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
      const pool = await Pool.started()
      const { request } = pool.run()
      assert.equal(pool.engine.run(INLINE, request), 'inline')
    })

    it('hands a slow request to each thread, and the next when one is free', async () => {
      const pool = await Pool.started()
      const runs = [pool.run(SLOW), pool.run(SLOW), pool.run(SLOW)]
      await settled()
      assert.deepEqual(pool.engine.queue, { length: 1, capacity: DEFAULT_SETTINGS.threadpool.queueSize })
      assert.deepEqual(runs.map(({ request }) => request.thread).sort(), [0, 1, 2])
      pool.threads.at(2).answers('first')
      await settled()
      assert.equal(pool.engine.queue.length, 0)
      assert.equal(runs[2]!.request.thread, 2)
    })

    it('hands over more while a handler only waits', async () => {
      const pool = await Pool.started({ workers: 1 })
      pool.run(SLOW)
      pool.run(SLOW)
      await settled()
      const thread = pool.threads.at(1)
      assert.lengthOf(thread.requests, 1)
      thread.claim()
      thread.says(['waits', thread.latest])
      await settled()
      assert.lengthOf(thread.requests, 2)
    })

    it('refuses at once what there is no room for, and what has waited too long', async () => {
      const pool = await Pool.started({ queueSize: 2, queueTimeoutMs: 1000 })
      const runs = Array.from({ length: 6 }, () => pool.run(SLOW))
      await settled()
      assert.deepEqual(counted(runs), { 'queue-full': 2, null: 4 })
      for (const thread of pool.threads.started) thread.claim()
      await pool.pass(1100)
      assert.deepEqual(counted(runs), { 'queue-full': 2, 'queue-timeout': 2, null: 2 })
    })

    it('refuses what has waited as long as a handler may take: none has seen it', async () => {
      const pool = await Pool.started({ queueTimeoutMs: 10_000, workers: 1 })
      const [served, waiting] = [pool.run(SLOW), pool.run(SLOW)]
      await settled()
      pool.threads.at(1).claim()
      await pool.pass(5100)
      assert.deepEqual([served.outcome, waiting.outcome], [null, 'queue-timeout'])
    })

    it('watches only while something is under way', async () => {
      const pool = await Pool.started()
      const before = pool.clock.pending
      const { request } = pool.run()
      await settled()
      assert.equal(pool.clock.pending, before + 1)
      pool.threads.at(request.thread).answers('done')
      await pool.pass(20)
      assert.equal(pool.clock.pending, before)
    })
  })

  describe('a thread that is stuck', () => {
    it('loses what it has not begun to others, and nothing is run twice', async () => {
      const pool = await Pool.started()
      const spinning = pool.run()
      await settled()
      const [stuck, other] = pool.pair
      stuck.claim()
      other.isDiligent = true
      const behind = Array.from({ length: 6 }, () => pool.run())
      await settled()
      assert.isAbove(stuck.requests.length, 1)
      await pool.pass(40)
      assert.deepEqual(counted(behind), { [other.setup.thread]: 6 })
      for (const [, number] of stuck.requests) assert.isFalse(stuck.claim(number), 'it can begin none of them any more')
      assert.isNull(spinning.outcome)
    })

    it('keeps what it has begun, even when that shows late', async () => {
      const pool = await Pool.started({ workers: 1 })
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

    it('gets nothing more until it is heard', async () => {
      const pool = await Pool.started({ workers: 1 })
      const thread = pool.threads.at(1)
      thread.isDeaf = true
      pool.run()
      await pool.pass(30)
      assert.lengthOf(thread.requests, 1)
      assert.lengthOf(thread.sent('probe'), 1)
      pool.run()
      await pool.pass(100)
      assert.lengthOf(thread.requests, 1)
      thread.says(['alive'])
      await settled()
      assert.lengthOf(thread.requests, 3)
    })

    it('is told by a question when it has begun all that it was handed', async () => {
      const pool = await Pool.started()
      const spinning = pool.run(SLOW)
      await settled()
      const [stuck, other] = pool.pair
      stuck.claim()
      await pool.pass(120)
      assert.lengthOf(stuck.sent('probe'), 1)
      other.batches.length = 0
      const [one, two] = [pool.run(SLOW), pool.run(SLOW)]
      await settled()
      assert.sameMembers([one.request.thread, two.request.thread], [other.setup.thread, 0])
      assert.isNull(spinning.outcome)
    })

    it('has the answers taken that it left before', async () => {
      const pool = await Pool.started({ workers: 1 })
      const [answered, spinning] = [pool.run(), pool.run()]
      await settled()
      const thread = pool.threads.at(1)
      const [first, second] = thread.requests.map(([, number]) => number)
      thread.leaves('in time', first)
      thread.claim(second)
      await pool.pass(10)
      assert.deepEqual([answered.outcome, spinning.outcome], ['in time', null])
    })

    it('has them taken when it dies, too', async () => {
      const pool = await Pool.started({ workers: 1 })
      const run = pool.run()
      await settled()
      pool.threads.at(1).leaves('at last')
      pool.threads.at(1).dies()
      await settled()
      assert.equal(run.outcome, 'at last')
    })

    it('is not heard by what it logs, which leaves a loop that never turns', async () => {
      const pool = await Pool.started()
      const run = pool.run(SLOW)
      await settled()
      const [stuck] = pool.pair
      stuck.claim()
      for (let line = 0; line < 20; line++) {
        pool.rssBytes += 4 * MEBIBYTE
        stuck.says(['log', 'info', 'still at it', {}])
        await pool.pass(20)
      }
      assert.equal(run.outcome, 'thread-lost')
      assert.deepEqual(pool.alarms, [['handler thread lost', 'memory']])
    })

    it('is ended when the process grows meanwhile', async () => {
      const pool = await Pool.started()
      const run = pool.run(SLOW)
      await settled()
      pool.pair[0].claim()
      await pool.pass(200)
      pool.rssBytes += 65 * MEBIBYTE
      await pool.pass(20)
      assert.equal(run.outcome, 'thread-lost')
      assert.deepEqual(pool.alarms, [['handler thread lost', 'memory']])
    })

    it('is ended when it is not heard of for longer than a handler may take', async () => {
      const pool = await Pool.started()
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

  describe('a thread without a request', () => {
    it('is asked now and then whether it is there, and replaced when it is not', async () => {
      const pool = await Pool.started()
      const [stuck, other] = [pool.threads.at(1), pool.threads.at(2)]
      stuck.isDeaf = true
      await pool.pass(1200)
      assert.isNotEmpty(stuck.sent('probe'))
      await pool.pass(6000)
      assert.deepEqual([stuck.isEnded, other.isEnded], [true, false])
      assert.deepEqual(pool.alarms, [['handler thread lost', 'stuck']])
    })

    it('is ended when the process grows while it does not answer', async () => {
      const pool = await Pool.started()
      pool.threads.at(1).isDeaf = true
      await pool.pass(1200)
      pool.rssBytes += 65 * MEBIBYTE
      await pool.pass(50)
      assert.deepEqual(pool.alarms, [['handler thread lost', 'memory']])
    })

    it("that could take another one's place is missed when none comes for a while", async () => {
      const pool = await Pool.started({ workers: 1 })
      pool.threads.at(1).dies()
      await pool.pass(1500)
      assert.isNull(pool.engine.trouble)
      await pool.pass(1000)
      assert.equal(pool.engine.trouble, 'no thread')
      pool.threads.at(1).ready()
      assert.isNull(pool.engine.trouble)
    })

    it('may take a minute to start, and no longer', async () => {
      const pool = await Pool.started({ workers: 1 })
      pool.threads.at(1).dies()
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

  describe('peers that take their time', () => {
    it('take no place from others: one that reads a stream', async () => {
      const pool = await Pool.started({ workers: 1, concurrency: 1 })
      const { thread } = await pool.claimed()
      thread.says(['stream', thread.latest, 200, '', null])
      const { run } = await pool.claimed()
      thread.answers('beside it')
      await settled()
      assert.equal(run.outcome, 'beside it')
    })

    it('take no place from others: one whose content the handler waits for', async () => {
      const pool = await Pool.started({ workers: 1, concurrency: 1 })
      const reader = new ContentReader(() => undefined)
      pool.run(QUICK, reader)
      await settled()
      const thread = pool.threads.at(1)
      thread.claim()
      const next = pool.run()
      await settled()
      assert.equal(pool.engine.queue.length, 1)
      thread.says(['pull', thread.latest])
      await settled()
      assert.equal(pool.engine.queue.length, 0)
      thread.answers('beside it')
      await settled()
      assert.equal(next.outcome, 'beside it')
      reader.push(Buffer.from('at last'))
      await settled()
      pool.run()
      assert.equal(pool.engine.queue.length, 1, 'the handler goes on')
    })
  })

  describe('a main thread that stands still', () => {
    it('holds nothing against threads that it could not hear meanwhile', async () => {
      const { pool, run, thread } = await Pool.atWork()
      run.request.abort(new DeadlineError('too late'))
      await pool.pass(500)
      pool.clock.advance(60_000)
      thread.says(['cancelled', thread.latest, 0])
      await pool.pass(2500)
      assert.isFalse(thread.isEnded)
    })

    it('counts it as one look at most', async () => {
      const { pool, run, thread } = await Pool.atWork()
      run.request.abort(new DeadlineError('too late'))
      await pool.pass(500)
      pool.clock.advance(60_000)
      await pool.pass(400)
      assert.isFalse(thread.isEnded)
      await pool.pass(200)
      assert.isTrue(thread.isEnded)
    })

    it('counts the time of a thread from when a request has left for it', async () => {
      const pool = await Pool.started({ workers: 1 })
      pool.run()
      pool.clock.advance(60_000)
      await settled()
      await pool.pass(10)
      assert.isEmpty(pool.threads.at(1).sent('probe'))
      await pool.pass(30)
      assert.lengthOf(pool.threads.at(1).sent('probe'), 1)
    })
  })

  it('runs no request twice and loses none, whatever its threads do', async function () {
    this.timeout(60_000)
    const step = fc.record({
      act: fc.constantFrom('run', 'run', 'claim', 'claim', 'answer', 'here', 'pass', 'abort', 'die'),
      which: fc.nat(),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
        const pool = await Pool.started()
        const runs: Run[] = []
        const aborted = new Set<Run>()
        for (const { act, which } of steps) {
          const thread = pool.threads.at(1 + (which % 2))
          const claimed = thread.requests.find(([, , , , , , , , , , , id]) => thread.begun.includes(id))
          if (act === 'run') runs.push(pool.run(which % 3 === 0 ? SLOW : QUICK, null, false, `r-${runs.length}`))
          else if (act === 'pass') await pool.pass(30)
          else if (thread.isEnded) continue
          else if (act === 'claim') thread.requests.some(([, number]) => thread.claim(number))
          else if (act === 'answer' && claimed !== undefined) thread.says(['text', claimed[1], 0, 'answered'])
          else if (act === 'here') thread.says(['alive'])
          else if (act === 'die' && which % 5 === 0) thread.dies()
          else if (act === 'abort' && runs.length > 0) {
            const run = runs[which % runs.length]!
            if (run.outcome === null) aborted.add(run)
            run.request.abort(new Error('left'))
          }
          await settled()
        }
        await pool.finish()
        const begun = pool.threads.started.flatMap((thread) => thread.begun)
        assert.lengthOf(new Set(begun), begun.length, 'nothing is begun twice')
        for (const run of runs) if (!aborted.has(run)) assert.isNotNull(run.outcome, `${run.request.id} has an end`)
        assert.deepInclude(pool.engine.threads, { inFlight: 0 })
        assert.equal(pool.engine.queue.length, 0)
      }),
      { numRuns: 40 },
    )
  })

  describe('a request that nobody waits for', () => {
    it('leaves the queue', async () => {
      const pool = await Pool.started({ workers: 1 })
      pool.run(SLOW)
      const { request } = pool.run(SLOW)
      assert.equal(pool.engine.queue.length, 1)
      request.abort(new Error('left'))
      assert.equal(pool.engine.queue.length, 0)
    })

    it('is taken back from a thread that has not begun it', async () => {
      const pool = await Pool.started()
      const { request } = pool.run()
      const thread = pool.threads.at(request.thread)
      request.abort(new Error('left'))
      await settled()
      assert.isFalse(thread.claim())
      assert.deepEqual([pool.engine.threads.inFlight, request.thread], [0, 0])
    })

    it('frees its slot when the thread has heard, and a late answer is dropped', async () => {
      const { pool, run, thread } = await Pool.atWork()
      await pool.pass(100)
      run.request.abort(new Error('left'))
      await settled()
      const [, number, error, isOverdue] = thread.sent('abort')[0]!
      assert.deepInclude(error, { message: 'left' })
      assert.isFalse(isOverdue)
      assert.equal(pool.engine.threads.inFlight, 1)
      thread.says(['cancelled', number, 0])
      assert.equal(pool.engine.threads.inFlight, 0)
      thread.says(['text', number, 0, 'late'])
      await settled()
      assert.isNull(run.outcome)
    })

    it('has its content break off, not end', async () => {
      const { run, thread } = await Pool.atWork()
      thread.says(['stream', thread.latest, 200, '', null])
      const { pieces } = ((await run.answer) as Response).content as StreamedContent
      const next = (pieces as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]().next()
      run.request.abort(new Error('framing'))
      thread.says(['cancelled', thread.latest, 0])
      const error = await next.catch((reason: unknown) => reason)
      assert.equal((error as Error).message, 'framing')
    })

    it('costs the thread its life when that does not hear in time', async () => {
      const pool = await Pool.started({ workers: 1 })
      const [overdue, beside] = [pool.run(), pool.run()]
      await settled()
      const thread = pool.threads.at(overdue.request.thread)
      for (const [, number] of thread.requests) thread.claim(number)
      thread.says(...thread.requests.map(([, number]) => ['waits', number] as const))
      await pool.pass(5000)
      overdue.request.abort(new DeadlineError('handler timed out'))
      await pool.pass(990)
      assert.isFalse(thread.isEnded)
      await pool.pass(20)
      assert.isTrue(thread.isEnded)
      assert.deepEqual([overdue.outcome, beside.outcome], [null, 'thread-lost'])
      assert.deepInclude(pool.engine.threads, { configured: 1, ready: 0, inFlight: 0 })
      assert.deepEqual(pool.alarms, [['handler thread lost', 'stuck']])
    })

    it('leaves the thread as much time as a handler may take when the peer has left early', async () => {
      const { pool, run, thread } = await Pool.atWork()
      const { request } = run
      request.abort(new Error('left'))
      await pool.pass(5500)
      assert.isFalse(thread.isEnded)
      await pool.pass(600)
      assert.isTrue(thread.isEnded)
    })
  })

  describe('a thread that is lost', () => {
    const oom = Object.assign(new Error('out of memory'), { code: 'ERR_WORKER_OUT_OF_MEMORY' })
    const losses: [cause: string, lose: (thread: FakeThread) => void][] = [
      ['exited', (thread) => thread.dies()],
      ['threw', (thread) => thread.dies(new Error('outside of a request'))],
      ['memory', (thread) => thread.dies(oom)],
      ['memory', (thread) => thread.says(['memory', 1 << 30])],
    ]
    for (const [cause, lose] of losses) {
      it(`(${cause}) loses what it has begun, not what it has not, and is replaced`, async () => {
        const pool = await Pool.started({ workers: 1 })
        const [begun, waiting] = [pool.run(), pool.run()]
        await settled()
        const thread = pool.threads.at(1)
        thread.claim(thread.requests[0]![1])
        lose(thread)
        await settled()
        assert.deepEqual([begun.outcome, waiting.outcome], ['thread-lost', null])
        assert.deepInclude(pool.engine.threads.lost, { [cause]: 1 })
        assert.deepEqual(pool.alarms, [['handler thread lost', cause]])
        await pool.pass(100)
        assert.lengthOf(pool.threads.started, 2)
        pool.threads.at(1).says(['ready'])
        await settled()
        pool.threads.at(1).answers('by its successor')
        await settled()
        assert.equal(waiting.outcome, 'by its successor')
        assert.isNull(pool.engine.trouble)
      })
    }

    it('tells how much memory it had taken', async () => {
      const { pool, thread } = await Pool.atWork()
      thread.says(['memory', 1 << 30])
      assert.deepInclude(pool.log.events.at(-1)!.facts, { cause: 'memory', memoryBytes: 1 << 30 })
    })

    it('soon after it was ready is in a crash loop, however long it took to start', async () => {
      const pool = await Pool.started({ workers: 1 })
      for (let death = 0; death < 5; death++) {
        pool.threads.at(1).dies()
        await pool.pass(1600)
        await pool.pass(11_000)
        pool.threads.at(1).says(['ready'])
      }
      assert.equal(pool.engine.trouble, 'threads crash')
    })

    it('cuts the streams that it has begun', async () => {
      const { run, thread } = await Pool.atWork()
      thread.says(['stream', thread.latest, 200, '', null], ['piece', thread.latest, Buffer.from('a')])
      const { pieces } = ((await run.answer) as Response).content as StreamedContent
      const iterator = (pieces as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
      assert.equal(Buffer.from((await iterator.next()).value as Uint8Array).toString(), 'a')
      thread.dies()
      const error = (await iterator.next().catch((reason: unknown) => reason)) as Unavailable
      assert.equal(error.rule, 'thread-lost')
    })

    it('is replaced later and later; a crash loop is named, and nobody waits for it', async () => {
      const pool = await Pool.started({ workers: 1 })
      const waiting = pool.run(SLOW)
      const delays: number[] = []
      for (let death = 0; death < 5; death++) {
        pool.threads.at(1).dies()
        const facts = pool.log.events.at(death === 4 ? -2 : -1)!.facts
        delays.push(facts['replacedInMs'] as number)
        await settled()
        if (death < 4) {
          await pool.pass(delays.at(-1)!)
          pool.threads.at(1).says(['ready'])
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
      pool.threads.at(1).says(['ready'])
      const served = pool.run()
      await settled()
      pool.threads.at(1).answers('served again')
      await settled()
      assert.equal(served.outcome, 'served again')
      await pool.pass(10_000)
      assert.isNull(pool.engine.trouble)
    })
  })

  describe('content', () => {
    const readerOf = (pieces: string[]): { reader: ContentReader; asked: () => number } => {
      let asked = 0
      const reader: ContentReader = new ContentReader(() => {
        asked++
        const piece = pieces.shift()
        if (piece === undefined) reader.end()
        else reader.push(Buffer.from(piece))
      })
      return { reader, asked: () => asked }
    }
    const received = (thread: FakeThread): string[] =>
      thread.batches.flat().flatMap((message) => {
        if (message[0] === 'content') return [`${message[1]} ${Buffer.from(message[2]).toString()}`]
        return message[0] === 'content-end' ? [`${message[1]} end`] : []
      })

    it('crosses with the request when it is short, and again when that is taken back', async () => {
      const pool = await Pool.started()
      pool.run(QUICK, readerOf(['a', 'b']).reader)
      await settled()
      const [first, second] = pool.pair
      const number = first.latest
      assert.deepEqual(received(first), [`${number} a`, `${number} b`, `${number} end`])
      await pool.pass(40)
      const again = second.latest
      assert.deepEqual(received(second), [`${again} a`, `${again} b`, `${again} end`])
    })

    it('is not asked for when the peer withholds it, before the thread wants it', async () => {
      const pool = await Pool.started()
      const { reader, asked } = readerOf(['a'])
      const { request } = pool.run(QUICK, reader, true)
      await settled()
      const thread = pool.threads.at(request.thread)
      assert.equal(thread.requests[0]?.[10], 'on-demand')
      assert.equal(asked(), 0)
      thread.claim()
      thread.says(['pull', thread.latest])
      await settled()
      assert.lengthOf(received(thread), 2)
    })

    it('stops at a window until the thread has consumed some', async () => {
      const pool = await Pool.started()
      const { reader, asked } = readerOf(Array<string>(100).fill('x'.repeat(WINDOW / 4)))
      const { request } = pool.run(QUICK, reader)
      await settled()
      const thread = pool.threads.at(request.thread)
      const before = asked()
      assert.equal(before, 5)
      thread.claim()
      thread.says(['credit', thread.latest, WINDOW / 2])
      await settled()
      assert.equal(asked(), before + 2)
    })

    it('breaks off in the thread when it breaks off here', async () => {
      const pool = await Pool.started()
      const reader: ContentReader = new ContentReader(() => reader.fail(new Error('cut off')))
      const { request } = pool.run(QUICK, reader)
      await settled()
      const failures = pool.threads.at(request.thread).sent('content-failed')
      assert.deepInclude(failures[0]?.[2] as object, { message: 'cut off' })
    })

    it('of a response is wanted when it is read, and given back as it is consumed', async () => {
      const { pool, run, thread } = await Pool.atWork()
      thread.says(['stream', thread.latest, 200, 'Content-Type: a/b\r\n', 5])
      const { content, fields } = (await run.answer) as Response
      assert.equal(fields.get('content-type'), 'a/b')
      const iterator = ((content as StreamedContent).pieces as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]()
      assert.isEmpty(thread.sent('pull'))
      const first = iterator.next()
      await settled()
      assert.lengthOf(thread.sent('pull'), 1)
      thread.says(['piece', thread.latest, Buffer.alloc(70_000)])
      assert.lengthOf((await first).value as Uint8Array, 70_000)
      void iterator.next()
      await settled()
      assert.deepEqual(thread.sent('credit'), [['credit', thread.latest, 70_000]])
      assert.equal(pool.engine.threads.inFlight, 1)
      thread.says(['end', thread.latest, 0])
      assert.equal(pool.engine.threads.inFlight, 0)
    })

    it('of a response that nobody reads is cancelled', async () => {
      const { pool, run, thread } = await Pool.atWork()
      thread.says(['stream', thread.latest, 200, '', null])
      const { pieces } = ((await run.answer) as Response).content as StreamedContent
      await (pieces as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]().return?.()
      await settled()
      assert.lengthOf(thread.sent('cancel'), 1)
      thread.says(['cancelled', thread.latest, 0])
      assert.equal(pool.engine.threads.inFlight, 0)
    })

    it('and fields that no response may have are an error, not a fault', async () => {
      const pool = await Pool.started()
      for (const kind of ['response', 'stream'] as const) {
        const { run, thread } = await pool.claimed()
        if (kind === 'response') thread.says([kind, thread.latest, 0, 200, 'Date: today\r\n', null])
        else thread.says([kind, thread.latest, 200, 'Date: today\r\n', null])
        const error = await run.answer.catch((reason: unknown) => reason)
        assert.instanceOf(error, TypeError)
      }
    })
  })

  describe('what threads ask', () => {
    it('is answered: their log lines, and the metrics', async () => {
      const pool = await Pool.started()
      const thread = pool.threads.at(2)
      const error = {
        kind: 'error',
        name: 'E',
        message: 'm',
        stack: 's',
        code: null,
        cause: null,
        isBadContent: false,
      } as const
      thread.says(['log', 'warn', 'told', { error: { error }, b: { json: '[1]' }, c: 'd' }], ['ask', 'snapshot'])
      await settled()
      const { level, event, facts } = pool.log.events.at(-1)!
      assert.deepEqual([level, event, facts['b'], facts['c'], facts['thread']], ['warn', 'told', [1], 'd', 2])
      assert.instanceOf(facts['error'], Error)
      assert.deepEqual(thread.sent('logged'), [['logged', 1]])
      assert.deepEqual(thread.sent('snapshot'), [['snapshot', { engine: 'asked' } as MetricsSnapshot]])
      pool.snapshot = () => Promise.reject(new Error('no metrics'))
      thread.says(['ask', 'snapshot'])
      await settled()
      assert.equal(thread.sent('ask-failed')[0]?.[1], 'snapshot')
    })

    it('is told to them when it changes, within half a second', async () => {
      const pool = await Pool.started()
      pool.unready = 'draining'
      await pool.pass(500)
      for (const thread of pool.threads.started) {
        assert.deepEqual(thread.sent('state'), [['state', 'running', 'draining']])
      }
    })
  })

  describe('its life', () => {
    it('does not begin when a thread refuses: the others are stopped, and the reason is told', async () => {
      const pool = new Pool()
      const starting = pool.begin().catch((error: unknown) => error)
      const [one, two] = pool.threads.started
      two!.says(['start-failed', 'Cannot start plugin "x"'])
      await settled()
      one!.says(['stopped'])
      assert.equal(((await starting) as Error).message, 'Cannot start plugin "x"')
      assert.isTrue(one!.isEnded && two!.isEnded)
    })

    it('does not begin when a thread dies first', async () => {
      const pool = new Pool()
      const starting = pool.begin().catch((error: unknown) => error)
      pool.threads.at(2).dies(new Error('no such module'))
      await settled()
      pool.threads.at(1).says(['stopped'])
      assert.equal(((await starting) as Error).message, 'no such module')
    })

    it('counts a successor that cannot start as a death', async () => {
      const pool = await Pool.started({ workers: 1 })
      pool.threads.at(1).dies()
      await pool.pass(100)
      pool.threads.at(1).says(['start-failed', 'broken by now'])
      assert.isTrue(pool.threads.at(1).isEnded)
      assert.deepEqual(pool.alarms, [
        ['handler thread lost', 'exited'],
        ['handler thread lost', 'threw'],
      ])
      await pool.pass(200)
      assert.lengthOf(pool.threads.started, 3)
    })

    it('ends with its threads, each of which stops its plugins first', async () => {
      const pool = await Pool.started()
      const stopping = pool.engine.stop()
      await settled()
      for (const thread of pool.threads.started) {
        assert.lengthOf(thread.sent('stop'), 1)
        assert.isFalse(thread.isEnded)
        thread.says(['log', 'info', 'last words', {}], ['stopped'])
      }
      await stopping
      assert.isTrue(pool.threads.started.every(({ isEnded }) => isEnded))
      assert.lengthOf(
        pool.log.events.filter(({ event }) => event === 'last words'),
        2,
      )
      assert.equal(pool.clock.pending, 0)
    })

    it('ends in bounded time when a thread does not stop', async () => {
      const pool = await Pool.started()
      const stopping = pool.engine.stop()
      await pool.pass(5000)
      await stopping
      assert.isTrue(pool.threads.started.every(({ isEnded }) => isEnded))
      assert.isEmpty(pool.alarms)
    })
  })
})
