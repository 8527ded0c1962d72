import { NO_THREAD, TaskList, type PoolTask } from './pool-task.js'
import { QUICK_MS } from './route-costs.js'

/** How many requests one thread holds at once: handed over and not over. */
export interface ThreadBounds {
  /** Of those that its handlers are at. */
  readonly concurrency: number
  /** Of all, those that go on only when their peers do among them. */
  readonly slots: number
}

/** A handler thread, as the pool knows it: what it was handed and has not answered. */
export class PoolThread<Task extends PoolTask> {
  readonly held = new TaskList<Task>()
  private blocking = 0
  private withPeers = 0
  private load = 0

  constructor(readonly number: number) {}

  /** Whether it may be handed one more: anything when its loop is free, else what is not felt behind the rest. */
  hasRoom(weightMs: number, { concurrency, slots }: ThreadBounds): boolean {
    if (this.held.size - this.withPeers >= concurrency || this.held.size >= slots) return false
    return this.blocking === 0 || this.load + weightMs <= QUICK_MS
  }

  /** Whether it is the better one for one more: it has less to do, or fewer to look after. */
  isLessLoaded(than: PoolThread<Task>): boolean {
    return this.load === than.load ? this.held.size < than.held.size : this.load < than.load
  }

  take(task: Task, weightMs: number): void {
    task.thread = this.number
    task.weightMs = weightMs
    task.blocks = true
    this.held.append(task)
    this.blocking++
    this.load += weightMs
  }

  /** What it holds of this task only waits from now on, and weighs nothing. */
  unburden(task: Task): void {
    if (!task.blocks) return
    task.blocks = false
    // Sums of fractions drift: an empty one is set right.
    this.load = --this.blocking === 0 ? 0 : this.load - task.weightMs
  }

  setAwaitsPeer(task: Task, awaitsPeer: boolean): void {
    if (task.awaitsPeer === awaitsPeer) return
    task.awaitsPeer = awaitsPeer
    this.withPeers += awaitsPeer ? 1 : -1
  }

  release(task: Task): void {
    this.unburden(task)
    this.setAwaitsPeer(task, false)
    this.held.remove(task)
    task.thread = NO_THREAD
  }
}
