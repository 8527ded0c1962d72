import { ThreadpoolEngine } from '../../../../src/adapters/engine/threadpool/threadpool-engine.js'
import type { ContentReader } from '../../../../src/app/serving/content-reader.js'
import { HandlerRequest } from '../../../../src/app/serving/handler-request.js'
import type { Unavailable } from '../../../../src/domain/lifecycle/unavailable.js'
import { FieldSection } from '../../../../src/domain/message/field-section.js'
import type { MetricsSnapshot } from '../../../../src/ports/operations/metrics.js'
import type { Settings } from '../../../../src/ports/operations/settings.js'
import type { Answer, SharedContext } from '../../../../src/ports/plugins/plugin.js'
import type { PlacedHandler } from '../../../../src/ports/serving/engine.js'
import { settled } from '../../../app/serving/served.js'
import { RecordingEventLog } from '../../../fakes/event-log.js'
import { FakeClock } from '../../../fakes/fake-clock.js'
import { FakeFiles } from '../../../fakes/fake-files.js'
import { DEFAULT_SETTINGS } from '../../../fakes/settings.js'
import { FakeThreads, type FakeThread } from './fake-thread.js'

export const MEBIBYTE = 1024 * 1024
const handlerAt = (pattern: string, inline = false): PlacedHandler => ({
  method: 'GET',
  pattern,
  inline,
  handler: () => 'inline',
})
export const [QUICK, SLOW, INLINE] = [handlerAt('/quick'), handlerAt('/slow'), handlerAt('/inline', true)]

/** A thread pool with fake threads, a fake clock and a fake reading of the memory. */
export class TestPool {
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

  /** A started pool that has learned the costs of its routes. */
  static async started(threadpool?: Partial<Settings['threadpool']>): Promise<TestPool> {
    const pool = new TestPool(threadpool)
    await pool.start()
    for (let times = 0; times < 30; times++) await pool.runOnce(QUICK, 0.1)
    await pool.runOnce(SLOW, 5)
    await pool.pass(2500)
    for (const thread of pool.threads.started) thread.batches.length = thread.begun.length = 0
    return pool
  }

  /** A started pool with one request, which a thread has begun. */
  static async withClaimed(): Promise<{ readonly pool: TestPool; readonly run: Run; readonly thread: FakeThread }> {
    const pool = await TestPool.started()
    return { pool, ...(await pool.claimNext()) }
  }

  /** Starts the engine, whose threads do not report yet that they are ready. */
  begin(): Promise<void> {
    return this.engine.start([QUICK, SLOW, INLINE], this.context())
  }

  /** Starts the engine and all threads. */
  async start(): Promise<void> {
    const starting = this.begin()
    for (const thread of this.threads.started) thread.ready()
    await starting
  }

  /** Runs a request. */
  run(placed = QUICK, content: ContentReader | null = null, expectsContinue = false, id = 'r-1'): Run {
    return new Run(this.engine, placed, content, expectsContinue, id)
  }

  /** Runs one more request, which its thread begins. */
  async claimNext(): Promise<{ readonly run: Run; readonly thread: FakeThread }> {
    const run = this.run()
    await settled()
    const thread = this.threads.at(run.request.thread)
    thread.claim()
    return { run, thread }
  }

  /** Lets time pass in small steps, so that the watch checks the threads and batches are posted. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 10) {
      this.clock.advance(Math.min(left, 10))
      await settled()
    }
  }

  /** Makes all threads answer their requests, and replaces ended threads, until the pool is idle. */
  async finish(): Promise<void> {
    for (let round = 0; round < 150 && !this.isIdle; round++) {
      for (const thread of this.threads.started) if (!thread.isEnded) thread.finishAll()
      await this.pass(100)
    }
  }

  private get isIdle(): boolean {
    return this.engine.queue.length === 0 && this.engine.threads.inFlight === 0
  }

  /** The errors in the log, with the cause of each. */
  get errors(): [string, unknown][] {
    return this.log.events.filter(({ level }) => level === 'error').map(({ event, facts }) => [event, facts['cause']])
  }

  /** The thread that has received a request, and the other one. */
  get pair(): [assigned: FakeThread, other: FakeThread] {
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

  private async runOnce(placed: PlacedHandler, costMs: number): Promise<void> {
    const run = this.run(placed)
    await settled()
    this.threads.at(run.request.thread).answers('', undefined, costMs)
    await run.answer
  }
}

/** One request and its outcome. */
export class Run {
  readonly request: HandlerRequest
  readonly answer: Promise<Answer>
  /** The text of the answer, its status, or the rule that refused the request; null until then. */
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
      requestId: id,
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

/** Counts the runs by their outcomes. */
export const counted = (runs: Run[]): Record<string, number> => {
  const counts: Record<string, number> = {}
  for (const { outcome } of runs) counts[String(outcome)] = (counts[String(outcome)] ?? 0) + 1
  return counts
}
