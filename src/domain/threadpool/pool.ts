import { TaskList, type PoolTask } from './pool-task.js'
import { PoolThread, type ThreadBounds } from './pool-thread.js'
import { RouteCosts } from './route-costs.js'

/** The bounds of a pool of handler threads. */
export interface PoolRules extends ThreadBounds {
  /** How many requests may wait. */
  readonly queueSize: number
  /** How long one may wait. */
  readonly longestWaitMs: number
}

/** How long after the last offer of a quick request a thread is still kept for such ones. */
const QUICK_LATELY_MS = 1000

/**
 * Which request goes to which handler thread, and who waits or is turned away.
 *
 * Requests are quick or slow by what their route has cost of late. A thread is handed quick ones in batches, and a slow
 * one only when its loop is free, so that nobody stands behind a slow one while another thread could take him. What no
 * thread can take waits in one of two lanes, quick or slow, and each lane is left in the order of offers. A request is
 * always in the lane of what its route is now.
 *
 * While quick requests come, the able thread with the lowest number is kept for them, so that a light route keeps its
 * latency beside a heavy one; the other threads take the oldest of both lanes first, so that nobody starves.
 *
 * The engine tells what happens and then asks `next` until it answers null:
 *
 *     if (!pool.offer(task, now)) throw new Unavailable('queue-full', …)
 *     for (let task = pool.next(now); task !== null; task = pool.next(now)) threads[task.thread].handOver(task)
 *
 * Times are milliseconds of a monotonic clock.
 */
export class Pool<Task extends PoolTask> {
  private readonly costs: RouteCosts
  private readonly quick = new TaskList<Task>()
  private readonly slow = new TaskList<Task>()
  private readonly live = new Map<number, PoolThread<Task>>()
  /** Those of the live that are not stuck, the lowest number first. */
  private able: PoolThread<Task>[] = []
  private offers = 0
  private held = 0
  private quickOfferedMs = -Infinity

  /** @param routes how many routes there are; each task's `route` is less than that */
  constructor(
    private readonly rules: PoolRules,
    routes: number,
  ) {
    this.costs = new RouteCosts(routes)
  }

  /** Requests that wait for a thread. */
  get waiting(): number {
    return this.quick.size + this.slow.size
  }

  /** Requests handed over and not answered. */
  get inFlight(): number {
    return this.held
  }

  /** Threads that are ready, the stuck ones among them. */
  get threads(): number {
    return this.live.size
  }

  /** Whether no request waits or is under way. */
  get isIdle(): boolean {
    return this.waiting === 0 && this.held === 0
  }

  /**
   * A request has come.
   *
   * @param task one that was not offered before
   * @returns whether it is taken; false: there is no room to wait and no thread that could take it at once
   */
  offer(task: Task, nowMs: number): boolean {
    const isQuick = this.costs.isQuick(task.route)
    if (isQuick) this.quickOfferedMs = nowMs
    const lane = isQuick ? this.quick : this.slow
    task.order = ++this.offers
    task.sinceMs = nowMs
    if (this.waiting >= this.rules.queueSize && (lane.size > 0 || this.threadFor(task, nowMs) === null)) return false
    lane.append(task)
    return true
  }

  /**
   * The next request to be handed over; its `thread` tells to whom. Asked after every other verb until there is none,
   * and now and then as time passes: the kept thread takes slow ones when no quick ones have come for a while.
   */
  next(nowMs: number): Task | null {
    return this.handOver(this.quick.first, nowMs) ?? this.handOver(this.slow.first, nowMs)
  }

  /** The handler of a request only waits now, and its thread's loop is free for others. */
  waits(task: Task): void {
    this.live.get(task.thread)?.unburden(task)
  }

  /** Nothing goes on with a request before its peer sends or reads: until then it takes no place from others. */
  awaitsPeer(task: Task): void {
    this.live.get(task.thread)?.setAwaitsPeer(task, true)
  }

  /** The peer has done something, and the handler goes on: with more than its thread's share of them, where need be. */
  goesOn(task: Task): void {
    this.live.get(task.thread)?.setAwaitsPeer(task, false)
  }

  /**
   * A request is over in its thread. One that no thread holds, since it was taken back or its thread is gone, is let be.
   *
   * @param costMs how long it blocked its thread
   */
  answered(task: Task, costMs: number): void {
    const thread = this.live.get(task.thread)
    if (thread === undefined) return
    thread.release(task)
    this.held--
    this.learn(task.route, costMs)
  }

  /**
   * A request that waits is not wanted any more.
   *
   * @returns false when it does not wait: a thread holds it, or it is over
   */
  drop(task: Task): boolean {
    const lane = this.laneOf(task)
    if (task.list !== lane) return false
    lane.remove(task)
    return true
  }

  /** Removes those that have waited too long; the older ones of a lane first. */
  overdue(nowMs: number): Task[] {
    const overdue: Task[] = []
    for (const lane of [this.quick, this.slow]) {
      let { first } = lane
      for (; first !== null && nowMs - first.sinceMs > this.rules.longestWaitMs; first = lane.first) {
        lane.remove(first)
        overdue.push(first)
      }
    }
    return overdue
  }

  /**
   * A thread did not begin this request: it waits again as if it had never been handed over, however many wait.
   *
   * @returns false when no thread holds it
   */
  takeBack(task: Task): boolean {
    const thread = this.live.get(task.thread)
    if (thread === undefined) return false
    thread.release(task)
    this.held--
    this.laneOf(task).insert(task)
    return true
  }

  /** A thread is there, with a number that no live one has. */
  threadReady(number: number): void {
    const thread = new PoolThread<Task>(number)
    this.live.set(number, thread)
    this.enable(thread)
  }

  /**
   * A thread does not get on: it is handed nothing more before it has recovered. What it has begun, and does not only
   * wait for, may be what keeps it, so that the routes of that are slow from now on.
   */
  threadStuck(number: number): void {
    this.disable(number)
    const held = this.live.get(number)?.held.first ?? null
    for (let task: PoolTask | null = held; task !== null; task = task.next) {
      if (task.blocks) this.learn(task.route, Infinity)
    }
  }

  /** A thread gives a sign of life; told of one that is not stuck, or is gone, it is let be. */
  threadRecovered(number: number): void {
    const thread = this.live.get(number)
    if (thread !== undefined && !this.able.includes(thread)) this.enable(thread)
  }

  /**
   * A thread is no more.
   *
   * @returns the requests that it held, in the order they were handed over; they are over for the pool
   */
  threadGone(number: number): Task[] {
    const thread = this.live.get(number)
    const lost: Task[] = []
    if (thread === undefined) return lost
    this.live.delete(number)
    this.disable(number)
    for (let task = thread.held.first; task !== null; task = thread.held.first) {
      thread.release(task)
      lost.push(task)
    }
    this.held -= lost.length
    return lost
  }

  private handOver(task: Task | null, nowMs: number): Task | null {
    if (task === null) return null
    const thread = this.threadFor(task, nowMs)
    if (thread === null) return null
    this.laneOf(task).remove(task)
    thread.take(task, this.costs.meanMs(task.route))
    this.held++
    return task
  }

  /** The thread that takes this task now, null when none does. */
  private threadFor(task: Task, nowMs: number): PoolThread<Task> | null {
    const kept = this.able.length > 1 && nowMs - this.quickOfferedMs < QUICK_LATELY_MS ? 1 : 0
    const weightMs = this.costs.meanMs(task.route)
    if (!this.costs.isQuick(task.route)) return this.leastLoaded(kept, this.able.length, weightMs)
    // The older slow one needs a thread whose loop is free; none ever would be if younger quick ones went on to fill it.
    const isOldest = this.slow.first === null || task.order < this.slow.first.order
    return this.leastLoaded(0, isOldest ? this.able.length : kept, weightMs)
  }

  /** The one with the least load among the able threads from one place up to another that have room. */
  private leastLoaded(from: number, to: number, weightMs: number): PoolThread<Task> | null {
    let best: PoolThread<Task> | null = null
    for (let at = from; at < to; at++) {
      const thread = this.able[at]!
      if (thread.hasRoom(weightMs, this.rules) && (best === null || thread.isLessLoaded(best))) best = thread
    }
    return best
  }

  private laneOf(task: Task): TaskList<Task> {
    return this.costs.isQuick(task.route) ? this.quick : this.slow
  }

  /** A cost may make its route slow, or quick again: those of it that wait change lanes. */
  private learn(route: number, costMs: number): void {
    const wasQuick = this.costs.isQuick(route)
    this.costs.note(route, costMs)
    if (this.costs.isQuick(route) === wasQuick) return
    if (wasQuick) this.quick.moveRoute(route, this.slow)
    else this.slow.moveRoute(route, this.quick)
  }

  private disable(number: number): void {
    this.able = this.able.filter((thread) => thread.number !== number)
  }

  private enable(thread: PoolThread<Task>): void {
    this.able = [...this.able, thread].sort((one, other) => one.number - other.number)
  }
}
