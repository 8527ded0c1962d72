import type { RingAnswer } from '../../../domain/threadpool/answer-ring.js'
import { deserializeError } from '../../../domain/threadpool/serialized-error.js'
import type { FinalUpdate, ResponseUpdate, RunUpdate } from '../../../ports/threads/thread-messages.js'
import type { AssignedRequests } from './assigned-requests.js'
import type { ThreadRequestLink } from './content-feed.js'
import type { PooledRequest } from './pooled-request.js'
import { responseWith } from './response-messages.js'

/** Events of assigned requests, which the pool needs for its decisions. */
export interface RequestEvents {
  /** The handler of a request has returned a promise or a stream, and no longer blocks its thread. */
  yielded(task: PooledRequest): void
  /** A request cannot continue before its peer sends or reads. */
  awaitsPeer(task: PooledRequest): void
  /** The peer has acted, and the request continues. */
  resumes(task: PooledRequest): void
  /** A request is finished in its thread, which it blocked for at most `costMs` at a time. */
  finished(task: PooledRequest, costMs: number): void
}

/** Applies the updates that one thread sends to its requests. */
export class RequestUpdates {
  /** @param linkTo makes the link between a request and the thread */
  constructor(
    private readonly requests: AssignedRequests,
    private readonly events: RequestEvents,
    private readonly linkTo: (task: PooledRequest) => ThreadRequestLink,
  ) {}

  /** Applies one update. Ignored when the thread does not have the request any more. */
  apply(update: RunUpdate): void {
    const task = this.requests.get(update[1])
    if (task === null) return
    switch (update[0]) {
      case 'yielded':
        return this.events.yielded(task)
      case 'pull':
        if (task.feed?.pull() === true) this.events.awaitsPeer(task)
        return
      case 'credit':
        return task.feed?.returnCredit(update[2])
      case 'stream':
        return this.startStream(task, update[2], update[3], update[4])
      case 'piece':
        return task.stream?.push(update[2])
      default:
        this.finish(task, update)
    }
  }

  /** Applies an answer from the ring. */
  applyAnswer({ request, costMs, status, fields, text }: RingAnswer): void {
    this.apply(status === 0 ? ['text', request, costMs, text] : ['response', request, costMs, status, fields, text])
  }

  private startStream(task: PooledRequest, status: number, fields: string, length: number | null): void {
    this.events.yielded(task)
    // Until its end, a stream advances at the pace at which the peer reads.
    this.events.awaitsPeer(task)
    const link = this.linkTo(task)
    try {
      task.startStream(status, fields, length, link)
    } catch (error) {
      link.send(['cancel', task.number])
      task.fail(error)
    }
  }

  private finish(task: PooledRequest, update: FinalUpdate): void {
    this.requests.remove(task)
    this.events.finished(task, update[2])
    switch (update[0]) {
      case 'text':
        task.resolve(update[3])
        break
      case 'response':
        respond(task, update)
        break
      case 'end':
        task.stream?.end()
        break
      case 'failed':
        task.fail(deserializeError(update[3]))
        break
      case 'cancelled':
        break
    }
    task.feed?.stop()
  }
}

function respond(task: PooledRequest, [, , , status, fields, content]: ResponseUpdate): void {
  try {
    task.resolve(responseWith(status, fields, content))
  } catch (error) {
    task.fail(error)
  }
}
