import { availableParallelism } from 'node:os'
import { DeadlineError } from '../../../domain/lifecycle/deadline-error.js'
import { Pool } from '../../../domain/threadpool/pool.js'
import type { Trouble } from '../../../domain/lifecycle/readiness.js'
import { Unavailable } from '../../../domain/lifecycle/unavailable.js'
import type { Clock, Stoppable } from '../../../ports/operations/clock.js'
import type { Facts } from '../../../ports/operations/event-log.js'
import type { ThreadReport } from '../../../ports/threads/thread-messages.js'
import type { Engine, EngineRequest, PlacedHandler } from '../../../ports/serving/engine.js'
import type { ThreadLoss, ThreadsMetrics } from '../../../ports/operations/metrics.js'
import type { Answer, SharedContext } from '../../../ports/plugins/plugin.js'
import type { Settings } from '../../../ports/operations/settings.js'
import { PooledRequest } from './pooled-request.js'
import { ThreadHandle, type ThreadOwner } from './thread-handle.js'
import type { StartThread } from './thread-link.js'
import { ThreadServices } from './thread-services.js'
import { GRACE_MS, StallWatch, WATCH_MS } from './stall-watch.js'
import { ThreadSlot } from './thread-slot.js'

/*
 * Theory of operation: the pool decides which thread takes which request, and when. A request that was handed over is in
 * one of the thread's slots until the thread says that it is over. While requests are under way, a watch looks every few
 * milliseconds for threads that do not begin what they were handed, takes that back for others, and ends those that do
 * not come back.
 */

/** With a single one, `auto` would leave nobody to others while it is stuck. */
const LEAST_THREADS = 2

/** How often threads are asked whether they are there while nothing is under way. */
const VISIT_MS = 1000

/** How long threads may take to stop their plugins, and then to end. */
const STOP_MS = 5000
const END_MS = 500

/** How long there may be no thread that is ready: the next one is on its way. */
const BARE_MS = 2000

/** More requests than this no thread needs to hold, however many connections there may be. */
const MOST_SLOTS = 65_536

/** A start under way: the threads that it waits for. */
interface Starting {
  missing: number
  readonly resolve: () => void
  readonly reject: (error: Error) => void
}

/** Handlers run on threads, behind a queue: one that blocks, crashes or takes too much memory hurts its thread alone. */
export class ThreadpoolEngine implements Engine, ThreadOwner {
  readonly name = 'threadpool'

  private readonly losses: Record<ThreadLoss, number> = { stuck: 0, exited: 0, threw: 0, memory: 0 }
  private readonly places: ThreadSlot[]
  private readonly stallWatch: StallWatch
  private readonly indexes = new Map<PlacedHandler, number>()
  private pool: Pool<PooledRequest>
  private services: ThreadServices | null = null
  private watching: Stoppable | null = null
  private visiting: Stoppable | null = null
  private starting: Starting | null = null
  private isStopping = false
  /** Since when no thread is ready; null while one is. */
  private bareSinceMs: number | null = null

  /** @param rssBytes reads the memory of the whole process, in octets */
  constructor(
    private readonly settings: Pick<Settings, 'handlerTimeoutMs' | 'maxConnections' | 'threadpool'>,
    private readonly clock: Clock,
    private readonly startThread: StartThread,
    rssBytes: () => number,
  ) {
    const { workers } = settings.threadpool
    const length = workers === 'auto' ? Math.max(LEAST_THREADS, availableParallelism()) : workers
    this.pool = this.poolOf(0)
    this.stallWatch = new StallWatch(settings, rssBytes)
    const open = (number: number): ThreadHandle => this.open(number)
    const late = (thread: ThreadHandle): void => this.late(thread)
    this.places = Array.from({ length }, (_, at) => new ThreadSlot(at + 1, clock, open, late))
  }

  async start(routes: readonly PlacedHandler[], context: SharedContext): Promise<void> {
    for (const [index, route] of routes.entries()) this.indexes.set(route, index)
    this.pool = this.poolOf(routes.length)
    this.services = new ThreadServices(context, this.clock, () => this.liveThreads)
    const all = new Promise<void>((resolve, reject) => {
      this.starting = { missing: this.places.length, resolve, reject }
    })
    for (const place of this.places) place.start()
    try {
      await all
    } catch (error) {
      await this.stop()
      throw error
    } finally {
      this.starting = null
    }
    this.visiting = this.clock.every(VISIT_MS, () => this.visit())
  }

  run(placed: PlacedHandler, request: EngineRequest): Answer | Promise<Answer> {
    if (placed.inline) return placed.handler(request)
    if (!this.isPromising) throw THREADS_CRASH
    const task = new PooledRequest(this.indexes.get(placed)!, request)
    if (!this.pool.offer(task, this.clock.now())) throw QUEUE_FULL
    request.onAbort((reason) => this.abort(task, reason))
    this.handOver()
    this.watch()
    return task.answer
  }

  get queue(): Engine['queue'] {
    return { length: this.pool.waiting, capacity: this.settings.threadpool.queueSize }
  }

  get threads(): ThreadsMetrics {
    const { pool, losses } = this
    return { configured: this.places.length, ready: pool.threads, inFlight: pool.inFlight, lost: { ...losses } }
  }

  get trouble(): Trouble | null {
    if (this.places.some((place) => place.isLooping)) return 'threads crash'
    return this.bareSinceMs !== null && this.clock.now() - this.bareSinceMs >= BARE_MS ? 'no thread' : null
  }

  async stop(): Promise<void> {
    this.isStopping = true
    const threads = this.liveThreads
    for (const place of this.places) place.close()
    const [stopping, ending] = [this.patience(STOP_MS), this.patience(STOP_MS + END_MS)]
    const stopped = Promise.all(threads.map((thread) => thread.stop(stopping.over)))
    // One that is stuck in the platform never ends.
    await Promise.race([stopped, ending.over])
    for (const { timer } of [stopping, ending]) timer.stop()
    this.services?.close()
    this.visiting?.stop()
    this.endWatch()
  }

  private patience(ms: number): { readonly over: Promise<void>; readonly timer: Stoppable } {
    let end = (): void => undefined
    const over = new Promise<void>((resolve) => (end = resolve))
    return { over, timer: this.clock.after(ms, () => end()) }
  }

  // What threads tell

  ready(thread: ThreadHandle): void {
    this.placeOf(thread).ready()
    this.pool.threadReady(thread.number)
    this.bareSinceMs = null
    if (this.starting === null) this.services?.log.info('handler thread replaced', { thread: thread.number })
    else if (--this.starting.missing === 0) this.starting.resolve()
    this.handOver()
  }

  refused(thread: ThreadHandle, reason: string): void {
    this.endThread(thread, 'threw', { error: new Error(reason) })
  }

  recovered(thread: ThreadHandle): void {
    this.pool.threadRecovered(thread.number)
  }

  waits(task: PooledRequest): void {
    this.pool.waits(task)
  }

  awaitsPeer(task: PooledRequest): void {
    this.pool.awaitsPeer(task)
  }

  goesOn(task: PooledRequest): void {
    this.pool.goesOn(task)
  }

  over(task: PooledRequest, costMs: number): void {
    this.pool.answered(task, costMs)
  }

  heard(): void {
    this.handOver()
  }

  told(thread: ThreadHandle, news: ThreadReport): void {
    if (news[0] === 'memory') this.endThread(thread, 'memory', { octets: news[1] })
    else this.services?.serve(thread, news)
  }

  gone(thread: ThreadHandle, cause: ThreadLoss, error: unknown): void {
    this.lost(thread, cause, error === undefined ? {} : { error })
  }

  // Requests

  private handOver(): void {
    const now = this.clock.now()
    for (let task = this.pool.next(now); task !== null; task = this.pool.next(now)) this.threadOf(task)!.handOver(task)
  }

  private abort(task: PooledRequest, reason: Error): void {
    const isOverdue = reason instanceof DeadlineError
    task.graceEndsMs = this.stallWatch.nowMs + (isOverdue ? 0 : this.timeLeftMs(task)) + GRACE_MS
    // It must not look complete to a peer that is still there, and broke the request's framing.
    task.stream?.fail(reason)
    const thread = this.threadOf(task)
    if (thread === undefined) this.forget(task)
    else if (thread.takeBack(task)) {
      this.pool.takeBack(task)
      this.forget(task)
    } else thread.abort(task, reason, isOverdue)
  }

  /** A handler whose peer left has as much time to come back as if it were still waited for. */
  private timeLeftMs(task: PooledRequest): number {
    return Math.max(0, task.sinceMs + this.settings.handlerTimeoutMs - this.clock.now())
  }

  /** It is not waited for, and no thread has it. */
  private forget(task: PooledRequest): void {
    this.pool.drop(task)
    task.feed?.stop()
    this.handOver()
  }

  /** Answers all that wait with an error. */
  private refuseAll(): void {
    for (const task of this.pool.overdue(Infinity)) task.fail(THREADS_CRASH)
  }

  // The watch

  private watch(): void {
    if (this.watching !== null) return
    this.stallWatch.begin(this.clock.now())
    // Behind the turn, in which all is heard that threads have said while the main thread was at work.
    this.watching = this.clock.every(WATCH_MS, () => setImmediate(() => this.look()))
  }

  private look(): void {
    if (this.watching === null) return
    const now = this.clock.now()
    this.stallWatch.look(now)
    for (const thread of this.readyThreads) {
      thread.takeAnswers()
      this.judge(thread)
    }
    for (const task of this.pool.overdue(now)) task.fail(QUEUE_TIMEOUT)
    this.handOver()
    if (this.pool.isIdle && this.readyThreads.every((thread) => thread.isHeard)) this.endWatch()
  }

  /** A thread may get stuck, or take memory, with what nobody waits for. */
  private visit(): void {
    if (this.watching !== null) return
    for (const thread of this.readyThreads) thread.visit()
    this.watch()
  }

  private endWatch(): void {
    this.watching?.stop()
    this.watching = null
  }

  private judge(thread: ThreadHandle): void {
    const finding = this.stallWatch.judge(thread)
    if (finding === 'stalls') this.passOver(thread)
    else if (finding !== 'nothing') this.endThread(thread, finding, {})
  }

  /** What the thread has not begun goes to others. */
  private passOver(thread: ThreadHandle): void {
    for (const task of thread.takeBackAll()) this.pool.takeBack(task)
    this.pool.threadStuck(thread.number)
    thread.stuck()
  }

  // Threads

  private open(number: number): ThreadHandle {
    const routes = [...this.indexes.keys()].map(({ method, pattern }) => `${method} ${pattern}`)
    const now = (): number => this.stallWatch.nowMs
    const thread = new ThreadHandle(number, this.slots, routes, this.startThread, now, this)
    this.services?.greet(thread)
    return thread
  }

  private late(thread: ThreadHandle): void {
    const error = new Error(`Cannot wait any longer for handler thread ${thread.number} to start`)
    this.endThread(thread, 'stuck', { error })
  }

  private endThread(thread: ThreadHandle, cause: ThreadLoss, details: Facts): void {
    void thread.end()
    this.lost(thread, cause, details)
  }

  private lost(thread: ThreadHandle, cause: ThreadLoss, details: Facts): void {
    if (this.starting !== null) this.failStart(thread, this.starting, details['error'])
    else if (!this.isStopping) this.replace(thread, cause, details)
  }

  /** One that cannot start is reason enough not to: it would not be able to later. */
  private failStart(thread: ThreadHandle, starting: Starting, error: unknown): void {
    const place = this.placeOf(thread)
    place.close()
    place.died()
    starting.reject(error instanceof Error ? error : new Error(`Cannot start handler thread ${thread.number}`))
  }

  private replace(thread: ThreadHandle, cause: ThreadLoss, details: Facts): void {
    this.losses[cause]++
    for (const task of thread.takeBackAll()) this.pool.takeBack(task)
    const lost = this.pool.threadGone(thread.number)
    if (this.pool.threads === 0) this.bareSinceMs ??= this.clock.now()
    const place = this.placeOf(thread)
    const replacedInMs = place.died()
    const facts = { thread: thread.number, cause, requests: lost.length, replacedInMs, ...details }
    this.services?.log.error('handler thread lost', facts)
    if (place.isLooping) this.services?.log.error('handler threads crash', { thread: thread.number })
    for (const task of lost) task.fail(threadLost(thread.number, cause))
    if (this.isPromising) this.handOver()
    else this.refuseAll()
  }

  private poolOf(routes: number): Pool<PooledRequest> {
    const { handlerTimeoutMs, threadpool } = this.settings
    const { queueSize, queueTimeoutMs, concurrency } = threadpool
    // One that no handler has seen is turned away, and not told that its handler took too long.
    const longestWaitMs = Math.min(queueTimeoutMs, handlerTimeoutMs)
    return new Pool({ queueSize, longestWaitMs, concurrency, slots: this.slots }, routes)
  }

  /** A connection has one request at a time. */
  private get slots(): number {
    return Math.min(this.settings.maxConnections, MOST_SLOTS)
  }

  private get isPromising(): boolean {
    return this.places.some((place) => place.isPromising)
  }

  private get liveThreads(): readonly ThreadHandle[] {
    return this.places.flatMap(({ thread }) => thread ?? [])
  }

  private get readyThreads(): readonly ThreadHandle[] {
    return this.places.flatMap(({ thread, isReady }) => (isReady && thread !== null ? thread : []))
  }

  private placeOf({ number }: ThreadHandle): ThreadSlot {
    return this.places[number - 1]!
  }

  /** The thread that has a request; undefined for one that waits or is over. */
  private threadOf({ thread }: PooledRequest): ThreadHandle | undefined {
    return this.places[thread - 1]?.thread ?? undefined
  }
}

// Whoever is refused in a crowd is refused at little cost: an error and its stack would be a fifth of the work.
const QUEUE_FULL = new Unavailable('queue-full', 'Cannot take another request: as many wait as may')
const QUEUE_TIMEOUT = new Unavailable('queue-timeout', 'Cannot wait any longer for a thread: all are at work')
const THREADS_CRASH = new Unavailable('threads-crash', 'Cannot run a handler: all threads die as soon as they start')

const threadLost = (thread: number, cause: ThreadLoss): Unavailable =>
  new Unavailable('thread-lost', `Cannot answer: handler thread ${thread} was lost (${cause})`)
