/**
 * The reason why no handler ran, or why it did not finish.
 *
 * - `queue-full`: the queue of requests that wait for a thread was full
 * - `queue-timeout`: the request waited too long for a thread
 * - `thread-lost`: the thread died, or was terminated, while it ran the request
 * - `threads-crash`: threads die as soon as they start, so that none is given requests
 */
export type UnavailableRule = 'queue-full' | 'queue-timeout' | 'thread-lost' | 'threads-crash'

/** An engine cannot run a handler at the moment: answered with 503. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'

  /**
   * @param rule the name under which metrics count the rejection
   * @param detail the message for the log: what failed, the state found and the state wanted
   */
  constructor(
    readonly rule: UnavailableRule,
    detail: string,
  ) {
    super(detail)
  }
}
