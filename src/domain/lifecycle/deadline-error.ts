/** A handler has had all the time that it may take: why its request is given up. */
export class DeadlineError extends Error {
  override readonly name = 'OverdueError'
}
