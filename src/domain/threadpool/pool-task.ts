/** The number of no thread. */
export const NO_THREAD = -1

/**
 * A request on its way through the pool. The engine's own class of requests extends this one, so that the pool needs no
 * memory beside it; what is marked as the pool's is only written there.
 */
export abstract class PoolTask {
  /** The number of the thread that was handed it and has not answered; `NO_THREAD` for any other. The pool's. */
  thread = NO_THREAD
  /** When it was offered. The pool's. */
  sinceMs = 0
  /** Its number in the order of offers. The pool's. */
  order = 0
  /** How long it is expected to block its thread. The pool's. */
  weightMs = 0
  /** Whether it keeps its thread from running anything else, as far as we know. The pool's. */
  blocks = false
  /** Whether it goes on only when its peer sends or reads something. The pool's. */
  awaitsPeer = false
  /** The list that it stands in, null for none. The list's, as are its neighbours. */
  list: unknown = null
  previous: PoolTask | null = null
  next: PoolTask | null = null

  /** @param route index of its route in the table */
  constructor(readonly route: number) {}
}

/** Tasks in a row, linked through themselves: each step in and out is a few assignments, wherever the task stands. */
export class TaskList<Task extends PoolTask> {
  private head: PoolTask | null = null
  private tail: PoolTask | null = null
  private count = 0

  get size(): number {
    return this.count
  }

  get first(): Task | null {
    return this.head as Task | null
  }

  append(task: Task): void {
    this.link(task, this.tail, null)
  }

  /**
   * Puts a task in its place by the order of offers.
   *
   * @param behind a task that stands here and was offered earlier, from which the place is looked for; null: the head
   */
  insert(task: Task, behind: Task | null = null): void {
    let before: PoolTask | null = behind
    let after = behind === null ? this.head : behind.next
    while (after !== null && after.order < task.order) {
      before = after
      after = after.next
    }
    this.link(task, before, after)
  }

  /** Takes out a task that stands here. */
  remove(task: Task): void {
    const { previous, next } = task
    if (previous === null) this.head = next
    else previous.next = next
    if (next === null) this.tail = previous
    else next.previous = previous
    task.list = task.previous = task.next = null
    this.count--
  }

  /** Moves all tasks of a route to their places in another list that has its tasks in the order of offers. */
  moveRoute(route: number, to: TaskList<Task>): void {
    let moved: Task | null = null
    for (let task = this.first; task !== null;) {
      const next = task.next as Task | null
      if (task.route === route) {
        this.remove(task)
        to.insert(task, moved)
        moved = task
      }
      task = next
    }
  }

  private link(task: Task, before: PoolTask | null, after: PoolTask | null): void {
    task.list = this
    task.previous = before
    task.next = after
    if (before === null) this.head = task
    else before.next = task
    if (after === null) this.tail = task
    else after.previous = task
    this.count++
  }
}
