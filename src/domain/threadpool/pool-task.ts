/** The value of `thread` for a request that no thread has. */
export const NO_THREAD = -1

/**
 * A request in the pool. The engine's own class of requests extends this one, so that the pool needs no further object
 * per request. Only the pool writes these fields; the task list writes `list`, `previous` and `next`.
 */
export abstract class PoolTask {
  /** The number of the thread that the request is assigned to, until it has finished; otherwise `NO_THREAD`. */
  thread = NO_THREAD
  /** When the request was offered to the pool, by the pool's clock. */
  offeredMs = 0
  /** Counts the offers, so that requests can be compared by age. */
  sequence = 0
  /** How long the request is expected to block its thread, in milliseconds. */
  expectedMs = 0
  /** Whether the request still counts as blocking its thread. */
  isBlocking = false
  /** Whether the request cannot continue until its peer sends or reads something. */
  awaitsPeer = false
  /** The list that contains the task; null when none does. */
  list: unknown = null
  previous: PoolTask | null = null
  next: PoolTask | null = null

  /** @param route index of its route in the route table */
  constructor(readonly route: number) {}
}

/** A doubly linked list of tasks, linked through the tasks: appending and removing are a few assignments. */
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
   * Inserts a task by its age into a list that is sorted by age.
   *
   * @param from an older task of this list, after which the search starts; null: at the head
   */
  insert(task: Task, from: Task | null = null): void {
    let before: PoolTask | null = from
    let after = from === null ? this.head : from.next
    while (after !== null && after.sequence < task.sequence) {
      before = after
      after = after.next
    }
    this.link(task, before, after)
  }

  /** Removes a task, which must be in this list. */
  remove(task: Task): void {
    const { previous, next } = task
    if (previous === null) this.head = next
    else previous.next = next
    if (next === null) this.tail = previous
    else next.previous = previous
    task.list = task.previous = task.next = null
    this.count--
  }

  /** Moves all tasks of a route to another list. Both lists are sorted by age and stay so. */
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
