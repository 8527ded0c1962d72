import { deferred, type Deferred } from '../../../domain/deferred.js'
import { DeadlineError } from '../../../domain/lifecycle/deadline-error.js'
import type { Trouble } from '../../../domain/lifecycle/readiness.js'
import { Pool } from '../../../domain/threadpool/pool.js'
import type { Clock } from '../../../ports/operations/clock.js'
import type { Facts } from '../../../ports/operations/event-log.js'
import type { ThreadLoss, ThreadsMetrics } from '../../../ports/operations/metrics.js'
import type { Answer, SharedContext } from '../../../ports/plugins/plugin.js'
import type { Engine, EngineRequest, PlacedHandler } from '../../../ports/serving/engine.js'
import type { ThreadReport } from '../../../ports/threads/thread-messages.js'
import { QUEUE_FULL, QUEUE_TIMEOUT, threadLost, THREADS_CRASH } from './pool-errors.js'
import { poolRules, threadCount, type PoolSettings } from './pool-settings.js'
import { PooledRequest } from './pooled-request.js'
import { StallDetector, type Finding } from './stall-detector.js'
import { ThreadHandle, type ThreadOwner } from './thread-handle.js'
import type { StartThread } from './thread-link.js'
import { ThreadServices } from './thread-services.js'
import type { SlotOwner } from './thread-slot.js'
import { ThreadSlots } from './thread-slots.js'
import { ThreadWatch, type WatchOwner } from './thread-watch.js'
import { DEFAULT_TIMINGS, type ThreadpoolTimings } from './timings.js'

/*
 * Theory of operation: the pool decides which thread runs which request, and when. The engine carries that out: an
 * assigned request has a slot in its thread until the thread reports that it is finished. While requests are in flight, a
 * watch checks the threads every few milliseconds. From a thread that does not begin its requests it takes these back,
 * for other threads. A thread that does not return from a handler is ended and replaced.
 */

/** The start of the engine, while it is in progress. */
interface Starting {
  /** How many threads are not ready yet. */
  missing: number
  readonly allReady: Deferred<void>
}

/** Runs handlers on threads, fed by a queue: a handler that blocks, crashes or uses too much memory harms only its thread. */
export class ThreadpoolEngine implements Engine, ThreadOwner, SlotOwner, WatchOwner {
  readonly name = 'threadpool'

  private readonly losses: Record<ThreadLoss, number> = { stuck: 0, exited: 0, threw: 0, memory: 0 }
  private readonly slots: ThreadSlots
  private readonly detector: StallDetector
  private readonly watch: ThreadWatch
  private readonly routes = new Map<PlacedHandler, number>()
  private pool: Pool<PooledRequest>
  private services: ThreadServices | null = null
  private starting: Starting | null = null
  private isStopping = false
  /** Since when no thread is ready; null while one is. */
  private noThreadSinceMs: number | null = null

  /** @param rssBytes reads the memory of the whole process, in bytes */
  constructor(
    private readonly settings: PoolSettings,
    private readonly clock: Clock,
    private readonly launch: StartThread,
    rssBytes: () => number,
    private readonly timings: ThreadpoolTimings = DEFAULT_TIMINGS,
  ) {
    this.pool = new Pool(poolRules(settings), 0)
    this.slots = new ThreadSlots(threadCount(settings), clock, timings, this)
    this.detector = new StallDetector(settings, timings, rssBytes)
    this.watch = new ThreadWatch(clock, timings, this.slots, this.detector, this)
  }

  // Engine

  async start(routes: readonly PlacedHandler[], context: SharedContext): Promise<void> {
    for (const [index, route] of routes.entries()) this.routes.set(route, index)
    this.pool = new Pool(poolRules(this.settings), routes.length)
    this.services = new ThreadServices(context, this.clock, () => this.slots.threads, this.timings.stateMs)
    const allReady = deferred()
    this.starting = { missing: this.slots.count, allReady }
    this.slots.start()
    try {
      await allReady.promise
    } catch (error) {
      await this.stop()
      throw error
    } finally {
      this.starting = null
    }
    this.watch.startIdleProbes()
  }

  run(placed: PlacedHandler, request: EngineRequest): Answer | Promise<Answer> {
    if (placed.inline) return placed.handler(request)
    if (!this.slots.acceptsRequests) throw THREADS_CRASH
    const task = new PooledRequest(this.routes.get(placed)!, request)
    if (!this.pool.offer(task, this.clock.now())) throw QUEUE_FULL
    request.onAbort((reason) => this.abort(task, reason))
    this.assignQueued()
    this.watch.start()
    return task.answer
  }

  get queue(): Engine['queue'] {
    return { length: this.pool.queued, capacity: this.settings.threadpool.queueSize }
  }

  get threads(): ThreadsMetrics {
    const { pool, losses, slots } = this
    return { configured: slots.count, ready: pool.threadCount, inFlight: pool.inFlight, lost: { ...losses } }
  }

  get trouble(): Trouble | null {
    if (this.slots.isCrashLooping) return 'threads crash'
    const { noThreadSinceMs, timings } = this
    return noThreadSinceMs !== null && this.clock.now() - noThreadSinceMs >= timings.noThreadMs ? 'no thread' : null
  }

  async stop(): Promise<void> {
    this.isStopping = true
    await this.slots.stop()
    this.services?.close()
    this.watch.stop()
  }

  // ThreadOwner: what happens to threads

  ready(thread: ThreadHandle): void {
    this.slots.slotOf(thread).ready()
    this.pool.addThread(thread.number)
    this.noThreadSinceMs = null
    if (this.starting === null) this.services?.log.info('handler thread replaced', { thread: thread.number })
    else if (--this.starting.missing === 0) this.starting.allReady.resolve()
    this.assignQueued()
  }

  startFailed(thread: ThreadHandle, reason: string): void {
    this.endThread(thread, 'threw', { error: new Error(reason) })
  }

  recovered(thread: ThreadHandle): void {
    this.pool.threadRecovered(thread.number)
  }

  reported(thread: ThreadHandle, report: ThreadReport): void {
    if (report[0] === 'memory') this.endThread(thread, 'memory', { memoryBytes: report[1] })
    else this.services?.handle(thread, report)
  }

  batchReceived(): void {
    this.assignQueued()
  }

  exited(thread: ThreadHandle, cause: ThreadLoss, error: unknown): void {
    this.lost(thread, cause, error === undefined ? {} : { error })
  }

  // SlotOwner: the start of threads

  startThread(number: number): ThreadHandle {
    const thread = new ThreadHandle(number, {
      slots: poolRules(this.settings).slots,
      routes: [...this.routes.keys()].map(({ method, pattern }) => `${method} ${pattern}`),
      start: this.launch,
      timings: this.timings,
      now: () => this.detector.nowMs,
      owner: this,
      events: this.pool,
    })
    this.services?.sendState(thread)
    return thread
  }

  startOverdue(thread: ThreadHandle): void {
    const error = new Error(`Cannot wait any longer for handler thread ${thread.number} to start`)
    this.endThread(thread, 'stuck', { error })
  }

  // WatchOwner: the checks of threads

  found(thread: ThreadHandle, finding: Exclude<Finding, 'none'>): void {
    if (finding === 'stalled') this.markStuck(thread)
    else this.endThread(thread, finding, {})
  }

  checked(nowMs: number): boolean {
    for (const task of this.pool.takeOverdue(nowMs)) task.fail(QUEUE_TIMEOUT)
    this.assignQueued()
    return !this.pool.isIdle
  }

  // Requests

  private assignQueued(): void {
    const now = this.clock.now()
    for (let task = this.pool.assignNext(now); task !== null; task = this.pool.assignNext(now)) {
      this.slots.threadOf(task)!.assign(task)
    }
  }

  private abort(task: PooledRequest, reason: Error): void {
    const isOverdue = reason instanceof DeadlineError
    task.graceEndsMs = this.detector.nowMs + (isOverdue ? 0 : this.timeLeftMs(task)) + this.timings.graceMs
    // The response must not look complete to a peer that broke the framing of its request and is still connected.
    task.stream?.fail(reason)
    const thread = this.slots.threadOf(task)
    if (thread === undefined) this.drop(task)
    else if (thread.takeBack(task)) {
      this.pool.takeBack(task)
      this.drop(task)
    } else thread.abort(task, reason, isOverdue)
  }

  /** A handler whose peer has disconnected may still take as long as any other handler. */
  private timeLeftMs(task: PooledRequest): number {
    return Math.max(0, task.offeredMs + this.settings.handlerTimeoutMs - this.clock.now())
  }

  /** Drops an aborted request that no thread has. */
  private drop(task: PooledRequest): void {
    this.pool.drop(task)
    task.feed?.stop()
    this.assignQueued()
  }

  // Stuck and lost threads

  /** Takes back the requests that a stuck thread has not begun, for other threads. */
  private markStuck(thread: ThreadHandle): void {
    for (const task of thread.takeBackAll()) this.pool.takeBack(task)
    this.pool.threadStuck(thread.number)
    thread.health.markStuck()
  }

  private endThread(thread: ThreadHandle, cause: ThreadLoss, details: Facts): void {
    void thread.end()
    this.lost(thread, cause, details)
  }

  private lost(thread: ThreadHandle, cause: ThreadLoss, details: Facts): void {
    if (this.starting !== null) this.failStart(thread, this.starting, details['error'])
    else if (!this.isStopping) this.replace(thread, cause, details)
  }

  /** The engine does not start if one thread cannot: that thread could not be replaced later either. */
  private failStart(thread: ThreadHandle, starting: Starting, error: unknown): void {
    const slot = this.slots.slotOf(thread)
    slot.close()
    slot.lost()
    starting.allReady.reject(error instanceof Error ? error : new Error(`Cannot start handler thread ${thread.number}`))
  }

  private replace(thread: ThreadHandle, cause: ThreadLoss, details: Facts): void {
    this.losses[cause]++
    for (const task of thread.takeBackAll()) this.pool.takeBack(task)
    const lost = this.pool.removeThread(thread.number)
    if (this.pool.threadCount === 0) this.noThreadSinceMs ??= this.clock.now()
    const slot = this.slots.slotOf(thread)
    const replacedInMs = slot.lost()
    const facts = { thread: thread.number, cause, requests: lost.length, replacedInMs, ...details }
    this.services?.log.error('handler thread lost', facts)
    if (slot.isCrashLooping) this.services?.log.error('handler thread crash loop', { thread: thread.number })
    for (const task of lost) task.fail(threadLost(thread.number, cause))
    if (this.slots.acceptsRequests) this.assignQueued()
    else this.failQueued()
  }

  private failQueued(): void {
    for (const task of this.pool.takeOverdue(Infinity)) task.fail(THREADS_CRASH)
  }
}
