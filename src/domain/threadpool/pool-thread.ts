import { NO_THREAD, TaskList, type PoolTask } from './pool-task.js'
import { QUICK_MS } from './route-costs.js'

/** How many unfinished requests one thread may have. */
export interface ThreadBounds {
  /** Limit without the requests that await their peers. */
  readonly concurrency: number
  /** Limit with them. */
  readonly slots: number
}

/** A handler thread as the pool sees it: its assigned requests and its expected load. */
export class PoolThread<Task extends PoolTask> {
  /** The requests that are assigned to the thread and not finished, in the order of their assignment. */
  readonly tasks = new TaskList<Task>()
  private blockingCount = 0
  private awaitingPeerCount = 0
  private loadMs = 0

  constructor(readonly number: number) {}

  /**
   * Whether the thread can take one more request: any request if its event loop is free, otherwise only one so quick that
   * the requests in the same batch do not notice.
   *
   * @param expectedMs how long the request is expected to block the thread
   */
  hasRoom(expectedMs: number, { concurrency, slots }: ThreadBounds): boolean {
    if (this.tasks.size - this.awaitingPeerCount >= concurrency || this.tasks.size >= slots) return false
    return this.blockingCount === 0 || this.loadMs + expectedMs <= QUICK_MS
  }

  /** Whether this thread has less load than the other, or fewer requests at the same load. */
  isLessLoaded(than: PoolThread<Task>): boolean {
    return this.loadMs === than.loadMs ? this.tasks.size < than.tasks.size : this.loadMs < than.loadMs
  }

  /** Assigns a request to the thread. */
  assign(task: Task, expectedMs: number): void {
    task.thread = this.number
    task.expectedMs = expectedMs
    task.isBlocking = true
    this.tasks.append(task)
    this.blockingCount++
    this.loadMs += expectedMs
  }

  /** The request no longer blocks the thread, and no longer counts as load. */
  unblock(task: Task): void {
    if (!task.isBlocking) return
    task.isBlocking = false
    // Adding and subtracting fractions accumulates rounding errors: an unloaded thread starts again from exactly 0.
    this.loadMs = --this.blockingCount === 0 ? 0 : this.loadMs - task.expectedMs
  }

  /** Sets whether the request awaits its peer; while it does, it does not count against `concurrency`. */
  setAwaitsPeer(task: Task, awaitsPeer: boolean): void {
    if (task.awaitsPeer === awaitsPeer) return
    task.awaitsPeer = awaitsPeer
    this.awaitingPeerCount += awaitsPeer ? 1 : -1
  }

  /** The request is no longer assigned to the thread. */
  release(task: Task): void {
    this.unblock(task)
    this.setAwaitsPeer(task, false)
    this.tasks.remove(task)
    task.thread = NO_THREAD
  }
}
