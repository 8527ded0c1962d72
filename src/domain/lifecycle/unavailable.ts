/**
 * Why no handler ran, or ran to its end.
 *
 * - `queue-full`: as many requests as may wait for a thread do
 * - `queue-timeout`: it waited for a thread for as long as one may
 * - `thread-lost`: its thread died or was ended while it held the request
 * - `threads-crash`: threads die as soon as they start, and are fed no more
 */
export type UnavailableRule = 'queue-full' | 'queue-timeout' | 'thread-lost' | 'threads-crash'

/** An engine cannot run a handler for reasons that pass: answered with 503. */
export class Unavailable extends Error {
  override readonly name = 'Unavailable'

  /**
   * @param rule the name under which the rejection is counted
   * @param detail what could not be done: the state found and the state wanted; for the log
   */
  constructor(
    readonly rule: UnavailableRule,
    detail: string,
  ) {
    super(detail)
  }
}
