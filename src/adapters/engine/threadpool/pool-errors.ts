import { Unavailable } from '../../../domain/lifecycle/unavailable.js'
import type { ThreadLoss } from '../../../ports/operations/metrics.js'

/*
 * Errors that reject a request are created once: under overload, creating an error with its stack for each rejected
 * request would be a fifth of the work.
 */

/** No room to wait for a thread. */
export const QUEUE_FULL = new Unavailable('queue-full', 'Cannot queue the request: threadpool.queueSize requests wait')

/** The request has waited too long for a thread. */
export const QUEUE_TIMEOUT = new Unavailable('queue-timeout', 'Cannot wait any longer for a thread: all are busy')

/** There is no thread, and none is expected soon. */
export const THREADS_CRASH = new Unavailable(
  'threads-crash',
  'Cannot run a handler: all threads die as soon as they start',
)

/** The thread of a request was lost after it had begun the request. */
export function threadLost(thread: number, cause: ThreadLoss): Unavailable {
  return new Unavailable('thread-lost', `Cannot complete the request: handler thread ${thread} was lost (${cause})`)
}
