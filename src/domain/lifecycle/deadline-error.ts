/** The reason with which a request is aborted when its handler exceeds its time limit. */
export class DeadlineError extends Error {
  override readonly name = 'DeadlineError'
}
