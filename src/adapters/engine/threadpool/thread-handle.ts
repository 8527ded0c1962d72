import { inspect } from 'node:util'
import { AnswerRing } from '../../../domain/threadpool/answer-ring.js'
import { MessageBatch } from '../../../domain/threadpool/message-batch.js'
import { serializeError } from '../../../domain/threadpool/serialized-error.js'
import type { FromThread, ThreadReport, ToThread } from '../../../ports/threads/thread-messages.js'
import type { ThreadLoss } from '../../../ports/operations/metrics.js'
import { AssignedRequests } from './assigned-requests.js'
import type { ThreadRequestLink } from './content-feed.js'
import type { PooledRequest } from './pooled-request.js'
import { RequestUpdates, type RequestEvents } from './request-updates.js'
import { ThreadHealth } from './thread-health.js'
import type { StartThread, ThreadEvents, ThreadLink } from './thread-link.js'
import type { ThreadpoolTimings } from './timings.js'

/** Events of a thread, on which the engine acts. */
export interface ThreadOwner {
  /** The thread can be assigned requests. */
  ready(thread: ThreadHandle): void
  /** The thread could not start. */
  startFailed(thread: ThreadHandle, reason: string): void
  /** The thread was stuck and responds again. */
  recovered(thread: ThreadHandle): void
  /** The thread has sent a message that is not about a request. */
  reported(thread: ThreadHandle, report: ThreadReport): void
  /** A batch of messages was processed: the thread may have room for other requests. */
  batchReceived(): void
  /** The thread has ended without `end`. Called at most once. */
  exited(thread: ThreadHandle, cause: ThreadLoss, error: unknown): void
}

/** The arguments of a thread handle, except for its number. */
export interface ThreadOptions {
  /** How many requests the thread may have. */
  readonly slots: number
  /** The routes as `METHOD /pattern`, by index. */
  readonly routes: readonly string[]
  readonly start: StartThread
  readonly timings: ThreadpoolTimings
  /** The stall detector's clock. */
  readonly now: () => number
  readonly owner: ThreadOwner
  readonly events: RequestEvents
}

/** One handler thread, as the main thread sees it: sends it messages and receives its own, from its start to its end. */
export class ThreadHandle implements ThreadEvents {
  readonly health: ThreadHealth

  private readonly requests: AssignedRequests
  private readonly updates: RequestUpdates
  private readonly answers = new AnswerRing()
  private readonly batch: MessageBatch<ToThread>
  private readonly link: ThreadLink
  private readonly now: () => number
  private readonly owner: ThreadOwner
  private readonly events: RequestEvents
  private failure: { readonly error: unknown } | null = null
  private hasEnded = false
  private onStopped: (() => void) | null = null

  /** Starts a thread. */
  constructor(
    readonly number: number,
    { slots, routes, start, timings, now, owner, events }: ThreadOptions,
  ) {
    this.now = now
    this.owner = owner
    this.events = events
    this.requests = new AssignedRequests(slots)
    this.health = new ThreadHealth(this.requests, timings, now, () => this.send(['probe']))
    this.updates = new RequestUpdates(this.requests, events, (task) => this.linkTo(task))
    this.link = start({ thread: number, routes, claims: this.requests.memory, answers: this.answers.memory }, this)
    this.batch = new MessageBatch((messages, transfer) => this.post(messages, transfer), setImmediate)
  }

  // To the thread

  /** Assigns a request to the thread. */
  assign(task: PooledRequest): void {
    if (this.requests.isEmpty) this.health.refresh()
    task.request.thread = this.number
    this.requests.add(task)
    this.send(task.toMessage())
    task.feed?.assigned(this.linkTo(task))
  }

  /**
   * Takes back a request that the thread has not begun, so that it never will.
   *
   * @returns false when the thread has begun it
   */
  takeBack(task: PooledRequest): boolean {
    return this.requests.takeBack(task)
  }

  /** Takes back all requests that the thread has not begun, the oldest first. */
  takeBackAll(): PooledRequest[] {
    return this.requests.takeBackAll()
  }

  /** Asks the thread to abort a request that it has begun: its response is no longer wanted. */
  abort(task: PooledRequest, reason: Error, isOverdue: boolean): void {
    this.requests.markAborted(task)
    this.send(['abort', task.number, serializeError(reason, inspect), isOverdue])
  }

  /** @param transfer memory of the message to move to the thread */
  send(message: ToThread, transfer: ArrayBuffer | null = null): void {
    if (!this.hasEnded) this.batch.send(message, transfer)
  }

  /** Stops the plugins of the thread and then ends it, at the latest when `within` resolves. Log lines still arrive. */
  async stop(within: Promise<void>): Promise<void> {
    if (this.health.isStuck) return this.end()
    this.send(['stop'])
    await Promise.race([new Promise<void>((resolve) => (this.onStopped = resolve)), within])
    await this.end()
  }

  /** Ends the thread now; later messages from it are ignored. */
  async end(): Promise<void> {
    this.takeAnswers()
    this.hasEnded = true
    await this.link.end()
  }

  // From the thread

  received(batch: readonly FromThread[]): void {
    if (this.hasEnded) return
    // A thread sends log lines at once, even while its event loop is blocked: they are no sign of life.
    if (batch.some(([kind]) => kind !== 'log')) this.sawSignOfLife()
    this.takeAnswers()
    for (const message of batch) this.receive(message)
    this.owner.batchReceived()
  }

  /** Reads the answers in the ring. A thread that is stuck may have left answers there without announcing them. */
  takeAnswers(): void {
    let answer = this.hasEnded ? null : this.answers.take()
    if (answer !== null) this.sawSignOfLife()
    for (; answer !== null; answer = this.answers.take()) this.updates.applyAnswer(answer)
  }

  failed(error: unknown): void {
    this.failure ??= { error }
  }

  exited(): void {
    this.onStopped?.()
    if (this.hasEnded) return
    this.takeAnswers()
    this.hasEnded = true
    this.owner.exited(this, this.causeOfLoss(), this.failure?.error)
  }

  /** The thread's event loop runs, or its handlers answer: it is not stuck, or has recovered. */
  private sawSignOfLife(): void {
    this.health.refresh()
    if (!this.health.isStuck) return
    this.health.isStuck = false
    this.owner.recovered(this)
  }

  private receive(message: FromThread): void {
    switch (message[0]) {
      case 'ready':
        return this.owner.ready(this)
      case 'start-failed':
        return this.owner.startFailed(this, message[1])
      case 'alive':
        return this.health.probeAnswered()
      case 'answers':
        // Only announces answers in the ring, which `received` has read already.
        return
      case 'stopped':
        this.onStopped?.()
        return
      case 'log':
      case 'ask':
      case 'memory':
        return this.owner.reported(this, message)
      default:
        return this.updates.apply(message)
    }
  }

  private causeOfLoss(): ThreadLoss {
    if (this.failure === null) return 'exited'
    const { code } = Object(this.failure.error) as { code?: unknown }
    return code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'threw'
  }

  private linkTo(task: PooledRequest): ThreadRequestLink {
    const { number } = task
    return {
      number,
      hasBegun: () => this.requests.hasBegun(number),
      resumes: () => {
        // Once its response is a stream, a request depends on the peer's reading only, not on its sending.
        if (task.stream === null) this.events.resumes(task)
      },
      send: (message, transfer) => this.send(message, transfer),
    }
  }

  private post(batch: readonly ToThread[], transfer: readonly ArrayBuffer[]): void {
    this.requests.markSent(this.now())
    if (!this.hasEnded) this.link.post(batch, transfer)
  }
}
