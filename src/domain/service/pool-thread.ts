import { NO_THREAD, TaskList, type PoolTask } from './pool-task.js'
import { QUICK_MS } from './route-costs.js'

/** A handler thread, as the pool knows it: what it was handed and has not answered. */
export class PoolThread<Task extends PoolTask> {
  readonly held = new TaskList<Task>()
  private blocking = 0
  private load = 0

  constructor(readonly number: number) {}

  /** The expected costs of all that it holds, but for what only waits. */
  get loadMs(): number {
    return this.load
  }

  /** Whether it may be handed one more: anything when its loop is free, else what is not felt behind the rest. */
  hasRoom(weightMs: number, concurrency: number): boolean {
    return this.held.size < concurrency && (this.blocking === 0 || this.load + weightMs <= QUICK_MS)
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

  release(task: Task): void {
    this.unburden(task)
    this.held.remove(task)
    task.thread = NO_THREAD
  }
}
