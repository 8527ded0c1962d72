import { TaskList, type PoolTask } from './pool-task.js'
import { PoolThread, type ThreadBounds } from './pool-thread.js'
import { RouteCosts } from './route-costs.js'

/** The bounds of a pool of handler threads. */
export interface PoolRules extends ThreadBounds {
  /** How many requests may wait for a thread. */
  readonly queueSize: number
  /** How long a request may wait for a thread. */
  readonly maxWaitMs: number
}

/** How long one thread stays reserved for quick requests after the latest of them was offered. */
const RESERVATION_MS = 1000

/**
 * Decides which request runs on which handler thread, and which requests wait or are rejected.
 *
 * A request is quick or slow, by what its route has cost recently. Quick requests are assigned to a thread in batches. A
 * slow request is assigned only to a thread whose event loop is free, so that no request waits in a thread for a slow one
 * while another thread could run it. All other requests wait in one of two queues, quick or slow, each in the order of
 * offers. When a route changes between quick and slow, its waiting requests change queues.
 *
 * While quick requests arrive, the available thread with the lowest number is reserved for them, so that a light route
 * keeps its latency next to a heavy one. The other threads take the oldest request of both queues first, so that no
 * request starves.
 *
 * The engine reports each event and then calls `assignNext` until it returns null:
 *
 *     if (!pool.offer(task, now)) throw new Unavailable('queue-full', …)
 *     for (let task = pool.assignNext(now); task !== null; task = pool.assignNext(now)) threads[task.thread].assign(task)
 *
 * Times are milliseconds of a monotonic clock.
 */
export class Pool<Task extends PoolTask> {
  private readonly costs: RouteCosts
  private readonly quick = new TaskList<Task>()
  private readonly slow = new TaskList<Task>()
  private readonly threads = new Map<number, PoolThread<Task>>()
  /** The threads that are not stuck, the lowest number first. */
  private available: PoolThread<Task>[] = []
  private offers = 0
  private assigned = 0
  private quickOfferedMs = -Infinity

  /** @param routes the number of routes; each task's `route` is below it */
  constructor(
    private readonly rules: PoolRules,
    routes: number,
  ) {
    this.costs = new RouteCosts(routes)
  }

  /** The number of requests that wait for a thread. */
  get queued(): number {
    return this.quick.size + this.slow.size
  }

  /** The number of requests that are assigned to a thread and not finished. */
  get inFlight(): number {
    return this.assigned
  }

  /** The number of threads, stuck ones included. */
  get threadCount(): number {
    return this.threads.size
  }

  /** Whether no request waits or is in flight. */
  get isIdle(): boolean {
    return this.queued === 0 && this.assigned === 0
  }

  /**
   * Adds a request to its queue.
   *
   * @param task a task that was not offered before
   * @returns false when the request is rejected: the queues are full, and it would have to wait, because requests of its
   * queue wait before it, or because no thread can take it now
   */
  offer(task: Task, nowMs: number): boolean {
    const isQuick = this.costs.isQuick(task.route)
    if (isQuick) this.quickOfferedMs = nowMs
    const queue = isQuick ? this.quick : this.slow
    task.sequence = ++this.offers
    task.offeredMs = nowMs
    const isFull = this.queued >= this.rules.queueSize
    // A full queue still takes a request that `assignNext` will assign at once: its queue is empty and a thread is free.
    if (isFull && (queue.size > 0 || this.threadFor(task, nowMs) === null)) return false
    queue.append(task)
    return true
  }

  /**
   * Assigns the next request to a thread, whose number is then in its `thread`; null when no request can be assigned.
   *
   * Call it after every other method until it returns null. Call it from time to time as well: the reserved thread takes
   * slow requests when no quick one has been offered for RESERVATION_MS.
   */
  assignNext(nowMs: number): Task | null {
    return this.assign(this.quick.first, nowMs) ?? this.assign(this.slow.first, nowMs)
  }

  /** The handler of a request has returned a promise or a stream: its thread's event loop is free for other requests. */
  yielded(task: Task): void {
    this.threads.get(task.thread)?.unblock(task)
  }

  /** A request cannot continue before its peer sends or reads: until then it does not count against the concurrency. */
  awaitsPeer(task: Task): void {
    this.threads.get(task.thread)?.setAwaitsPeer(task, true)
  }

  /** The peer has acted and the request continues, even if its thread then exceeds its concurrency. */
  resumes(task: Task): void {
    this.threads.get(task.thread)?.setAwaitsPeer(task, false)
  }

  /**
   * A request is finished in its thread. Ignored for a request that is assigned to no thread: it was taken back, or its
   * thread was removed.
   *
   * @param costMs how long it blocked its thread
   */
  finished(task: Task, costMs: number): void {
    const thread = this.threads.get(task.thread)
    if (thread === undefined) return
    thread.release(task)
    this.assigned--
    this.recordCost(task.route, costMs)
  }

  /**
   * Removes a waiting request from its queue.
   *
   * @returns false when the request is not in a queue
   */
  drop(task: Task): boolean {
    const queue = this.queueOf(task)
    if (task.list !== queue) return false
    queue.remove(task)
    return true
  }

  /** Removes and returns the requests that have waited too long; within each queue, the oldest first. */
  takeOverdue(nowMs: number): Task[] {
    const overdue: Task[] = []
    for (const queue of [this.quick, this.slow]) {
      let { first } = queue
      for (; first !== null && nowMs - first.offeredMs > this.rules.maxWaitMs; first = queue.first) {
        queue.remove(first)
        overdue.push(first)
      }
    }
    return overdue
  }

  /**
   * Puts a request back at its old position in the queue, even if the queue is full. Only call it for a request that its
   * thread has not begun.
   *
   * @returns false when the request is assigned to no thread
   */
  takeBack(task: Task): boolean {
    const thread = this.threads.get(task.thread)
    if (thread === undefined) return false
    thread.release(task)
    this.assigned--
    this.queueOf(task).insert(task)
    return true
  }

  /** Adds a thread, with a number that no other thread has. */
  addThread(number: number): void {
    const thread = new PoolThread<Task>(number)
    this.threads.set(number, thread)
    this.makeAvailable(thread)
  }

  /**
   * A thread is stuck: it gets no more requests until it has recovered. We cannot know which request blocks it. So the
   * route of every request that still counts as blocking becomes slow.
   */
  threadStuck(number: number): void {
    this.makeUnavailable(number)
    const first = this.threads.get(number)?.tasks.first ?? null
    for (let task: PoolTask | null = first; task !== null; task = task.next) {
      if (task.isBlocking) this.recordCost(task.route, Infinity)
    }
  }

  /** A stuck thread responds again. Ignored for a thread that is not stuck or was removed. */
  threadRecovered(number: number): void {
    const thread = this.threads.get(number)
    if (thread !== undefined && !this.available.includes(thread)) this.makeAvailable(thread)
  }

  /**
   * Removes a thread.
   *
   * @returns the requests assigned to it, in the order of their assignment; the pool has forgotten them
   */
  removeThread(number: number): Task[] {
    const thread = this.threads.get(number)
    const lost: Task[] = []
    if (thread === undefined) return lost
    this.threads.delete(number)
    this.makeUnavailable(number)
    for (let task = thread.tasks.first; task !== null; task = thread.tasks.first) {
      thread.release(task)
      lost.push(task)
    }
    this.assigned -= lost.length
    return lost
  }

  private assign(task: Task | null, nowMs: number): Task | null {
    if (task === null) return null
    const thread = this.threadFor(task, nowMs)
    if (thread === null) return null
    this.queueOf(task).remove(task)
    thread.assign(task, this.costs.meanMs(task.route))
    this.assigned++
    return task
  }

  /** The thread that can take this request now; null when none can. */
  private threadFor(task: Task, nowMs: number): PoolThread<Task> | null {
    // The reserved threads are `available` from 0 to before `reserved`: one of them, or none. The others follow.
    const reserved = this.available.length > 1 && nowMs - this.quickOfferedMs < RESERVATION_MS ? 1 : 0
    const all = this.available.length
    const expectedMs = this.costs.meanMs(task.route)
    if (!this.costs.isQuick(task.route)) return this.leastLoaded(reserved, all, expectedMs)
    // An older slow request needs a thread with a free event loop, which it would never get if younger quick requests
    // kept all threads busy: these get only the reserved thread.
    const isOldest = this.slow.first === null || task.sequence < this.slow.first.sequence
    return this.leastLoaded(0, isOldest ? all : reserved, expectedMs)
  }

  /** The least loaded thread with room, among the available threads from index `from` to before index `to`. */
  private leastLoaded(from: number, to: number, expectedMs: number): PoolThread<Task> | null {
    let best: PoolThread<Task> | null = null
    for (let at = from; at < to; at++) {
      const thread = this.available[at]!
      if (thread.hasRoom(expectedMs, this.rules) && (best === null || thread.isLessLoaded(best))) best = thread
    }
    return best
  }

  private queueOf(task: Task): TaskList<Task> {
    return this.costs.isQuick(task.route) ? this.quick : this.slow
  }

  /** Records a cost. If that makes the route slow, or quick again, its waiting requests change queues. */
  private recordCost(route: number, costMs: number): void {
    const wasQuick = this.costs.isQuick(route)
    this.costs.record(route, costMs)
    if (this.costs.isQuick(route) === wasQuick) return
    if (wasQuick) this.quick.moveRoute(route, this.slow)
    else this.slow.moveRoute(route, this.quick)
  }

  private makeUnavailable(number: number): void {
    this.available = this.available.filter((thread) => thread.number !== number)
  }

  private makeAvailable(thread: PoolThread<Task>): void {
    this.available = [...this.available, thread].sort((one, other) => one.number - other.number)
  }
}
