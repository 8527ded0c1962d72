import { inspect } from 'node:util'
import { AnswerRing, type RingAnswer } from '../../../domain/threadpool/answer-ring.js'
import { Claims } from '../../../domain/threadpool/claims.js'
import { serializeError, deserializeError } from '../../../domain/threadpool/serialized-error.js'
import { Outbox } from '../../../domain/threadpool/outbox.js'
import type {
  ResponseUpdate,
  FromThread,
  FinalUpdate,
  ThreadReport,
  RunUpdate,
  ToThread,
} from '../../../ports/threads/thread-messages.js'
import type { ThreadLoss } from '../../../ports/operations/metrics.js'
import type { ThreadRequestLink } from './content-feed.js'
import { responseWith } from './response-messages.js'
import type { PooledRequest } from './pooled-request.js'
import type { StartThread, ThreadEvents, ThreadLink } from './thread-link.js'

/** What a thread was handed and has not begun for so long, or up to a look of the watch less, is taken back: it is stuck. */
const BEGIN_MS = 30

/** A thread that has requests and was not heard of for so long is asked whether it is there. */
const SILENCE_MS = 50

/** What a thread tells beside what concerns its requests. */
export interface ThreadOwner {
  /** It can be handed requests. */
  ready(thread: ThreadHandle): void
  /** It could not start, for this reason. */
  refused(thread: ThreadHandle, reason: string): void
  /** It was stuck, and its loop turns again. */
  recovered(thread: ThreadHandle): void
  /** The handler of a request only waits now. */
  waits(task: PooledRequest): void
  /** Nothing goes on with a request before its peer sends or reads. */
  awaitsPeer(task: PooledRequest): void
  /** The peer has sent something that the handler waited for. */
  goesOn(task: PooledRequest): void
  /** A request is over in the thread. */
  over(task: PooledRequest, costMs: number): void
  /** What concerns no request. */
  told(thread: ThreadHandle, news: ThreadReport): void
  /** A batch has been heard: there may be room for others. */
  heard(): void
  /** It is gone. Called once, and never after `end`. */
  gone(thread: ThreadHandle, cause: ThreadLoss, error: unknown): void
}

/** One handler thread, from its start to its end, as the main thread knows it. */
export class ThreadHandle implements ThreadEvents {
  /** Whether it does not begin what it was handed. */
  isStuck = false
  /** Whether it has been heard, or had nothing to say, since the watch looked last. */
  isFresh = true
  /** Memory of the process when it was last well, in octets. */
  wellRssBytes = 0
  /** Since when it has said nothing although there was something to say. */
  silentSinceMs: number

  private readonly claims: Claims
  private readonly answers = new AnswerRing()
  private readonly outbox: Outbox<ToThread>
  private readonly link: ThreadLink
  /** By their slots. */
  private readonly held: (PooledRequest | null)[]
  private readonly numbers: number[]
  private readonly free: number[]
  private readonly aborted = new Set<PooledRequest>()
  /** Those that it may not have begun, in the order they were handed over. */
  private unbegun: PooledRequest[] = []
  /** Those of them that wait here for the end of the turn. */
  private unsent: PooledRequest[] = []
  /** Whether it has been asked whether it is there, and has not answered. */
  private isProbed = false
  private failure: { readonly error: unknown } | null = null
  private isOver = false
  private hasStopped: (() => void) | null = null

  /** @param now the time of the watch */
  constructor(
    readonly number: number,
    slots: number,
    routes: readonly string[],
    start: StartThread,
    private readonly now: () => number,
    private readonly owner: ThreadOwner,
  ) {
    this.silentSinceMs = now()
    this.claims = Claims.forSlots(slots)
    this.held = new Array<PooledRequest | null>(slots).fill(null)
    this.numbers = new Array<number>(slots).fill(0)
    this.free = this.numbers.map((_, slot) => slots - 1 - slot)
    this.link = start({ thread: number, routes, claims: this.claims.memory, answers: this.answers.memory }, this)
    this.outbox = new Outbox((batch, transfer) => this.post(batch, transfer), setImmediate)
  }

  // Requests

  /** There is a slot for it: the pool keeps within them. */
  handOver(task: PooledRequest): void {
    if (!this.isBusy) this.refresh()
    const slot = this.free.pop()!
    const number = this.claims.numberAfter(this.numbers[slot]!, slot)
    this.numbers[slot] = task.number = number
    this.held[slot] = task
    task.handedMs = Infinity
    task.request.thread = this.number
    this.unbegun.push(task)
    this.unsent.push(task)
    this.claims.open(number)
    this.send(task.message())
    task.feed?.handedTo(this.wayOf(task))
  }

  /**
   * Takes a request back that the thread has not begun; it will not.
   *
   * @returns false when it has begun it
   */
  takeBack(task: PooledRequest): boolean {
    if (!this.claims.take(task.number)) return false
    this.release(task)
    task.request.thread = 0
    task.feed?.takenBack()
    return true
  }

  /** Takes back all that the thread has not begun, the oldest first. */
  takeBackAll(): PooledRequest[] {
    const { unbegun } = this
    this.unbegun = []
    return unbegun.filter((task) => this.holds(task) && this.takeBack(task))
  }

  /** Nobody waits for the answer any more: the thread, which has begun it, is told. */
  abort(task: PooledRequest, reason: Error, isOverdue: boolean): void {
    this.aborted.add(task)
    this.send(['abort', task.number, serializeError(reason, inspect), isOverdue])
  }

  send(message: ToThread, moved: ArrayBuffer | null = null): void {
    if (!this.isOver) this.outbox.send(message, moved)
  }

  // Signs of life

  /**
   * Whether it leaves what it was handed, or a question whether it is there, unanswered for too long. Asks that question.
   */
  stalls(): boolean {
    const nowMs = this.now()
    this.unbegun = this.unbegun.filter((task) => this.holds(task) && this.claims.isOpen(task.number))
    const oldest = this.unbegun[0]
    if (oldest !== undefined && nowMs - oldest.handedMs >= BEGIN_MS) return true
    if (this.isProbed) return nowMs - this.silentSinceMs >= BEGIN_MS
    if (this.isBusy && nowMs - this.silentSinceMs >= SILENCE_MS) this.probe()
    return false
  }

  /** Nobody has asked it for a while: it is asked whether it is there. */
  visit(): void {
    if (!this.isProbed) this.probe()
  }

  /** Whether it has answered all that it was asked. */
  get isHeard(): boolean {
    return !this.isProbed && !this.isStuck
  }

  /** It does not get on; it will be heard when it does. */
  stuck(): void {
    this.isStuck = true
    if (!this.isProbed) this.probe()
  }

  /** Whether it has had time enough to hear that one of its requests was aborted. */
  ignoresAborts(): boolean {
    const nowMs = this.now()
    for (const { graceEndsMs } of this.aborted) if (graceEndsMs !== null && graceEndsMs <= nowMs) return true
    return false
  }

  // Its end

  /** Has it stop its plugins and end; resolves when it has. What it logs until then is still heard. */
  async stop(within: Promise<void>): Promise<void> {
    if (this.isStuck) return this.end()
    this.send(['stop'])
    await Promise.race([new Promise<void>((resolve) => (this.hasStopped = resolve)), within])
    await this.end()
  }

  /** Ends it now; nothing more is heard of it. */
  async end(): Promise<void> {
    this.takeAnswers()
    this.isOver = true
    await this.link.end()
  }

  // What is heard

  received(batch: readonly FromThread[]): void {
    if (this.isOver) return
    // Log lines leave a thread at once, whether or not its loop ever turns again.
    if (batch.some(([kind]) => kind !== 'log')) this.heard()
    this.takeAnswers()
    for (const message of batch) this.take(message)
    this.owner.heard()
  }

  /** Takes what is in the ring: there may be answers in it that it will never tell of. */
  takeAnswers(): void {
    let answer = this.isOver ? null : this.answers.take()
    if (answer !== null) this.heard()
    for (; answer !== null; answer = this.answers.take()) this.takeRun(lastNews(answer))
  }

  failed(error: unknown): void {
    this.failure ??= { error }
  }

  exited(): void {
    this.hasStopped?.()
    if (this.isOver) return
    this.takeAnswers()
    this.isOver = true
    this.owner.gone(this, this.causeOfLoss(), this.failure?.error)
  }

  private refresh(): void {
    this.isFresh = true
    this.silentSinceMs = this.now()
  }

  private heard(): void {
    this.refresh()
    if (!this.isStuck) return
    this.isStuck = false
    this.owner.recovered(this)
  }

  private causeOfLoss(): ThreadLoss {
    if (this.failure === null) return 'exited'
    const { code } = Object(this.failure.error) as { code?: unknown }
    return code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'memory' : 'threw'
  }

  private take(message: FromThread): void {
    switch (message[0]) {
      case 'ready':
        return this.owner.ready(this)
      case 'refused':
        return this.owner.refused(this, message[1])
      case 'here':
        this.isProbed = false
        return
      case 'answers':
        return
      case 'stopped':
        this.hasStopped?.()
        return
      case 'log':
      case 'ask':
      case 'memory':
        return this.owner.told(this, message)
      default:
        return this.takeRun(message)
    }
  }

  private takeRun(message: RunUpdate): void {
    const task = this.held[this.claims.slotOf(message[1])]
    if (task === null || task === undefined || task.number !== message[1]) return
    switch (message[0]) {
      case 'waits':
        return this.owner.waits(task)
      case 'want':
        if (task.feed?.want() === true) this.owner.awaitsPeer(task)
        return
      case 'consumed':
        return task.feed?.consumed(message[2])
      case 'stream':
        return this.takeStream(task, message[2], message[3], message[4])
      case 'piece':
        return task.stream?.push(message[2])
      default:
        this.takeLast(task, message)
    }
  }

  private takeStream(task: PooledRequest, status: number, fields: string, length: number | null): void {
    this.owner.waits(task)
    // A stream is made at the pace of the one who reads it, up to its end.
    this.owner.awaitsPeer(task)
    try {
      task.streams(status, fields, length, this.wayOf(task))
    } catch (error) {
      this.send(['cancel', task.number])
      task.fail(error)
    }
  }

  /** With this the request is over in the thread. */
  private takeLast(task: PooledRequest, message: FinalUpdate): void {
    this.release(task)
    this.owner.over(task, message[2])
    switch (message[0]) {
      case 'text':
        task.resolve(message[3])
        break
      case 'answer':
        this.takeAnswer(task, message)
        break
      case 'end':
        task.stream?.end()
        break
      case 'failed':
        task.fail(deserializeError(message[3]))
        break
      case 'over':
        break
    }
    task.feed?.stop()
  }

  private takeAnswer(task: PooledRequest, message: ResponseUpdate): void {
    try {
      task.resolve(responseWith(message[3], message[4], message[5]))
    } catch (error) {
      task.fail(error)
    }
  }

  private holds(task: PooledRequest): boolean {
    return this.held[this.claims.slotOf(task.number)] === task
  }

  private release(task: PooledRequest): void {
    const slot = this.claims.slotOf(task.number)
    this.held[slot] = null
    this.free.push(slot)
    this.aborted.delete(task)
  }

  private get isBusy(): boolean {
    return this.free.length < this.held.length
  }

  private wayOf(task: PooledRequest): ThreadRequestLink {
    const { number } = task
    return {
      number,
      hasBegun: () => !this.claims.isOpen(number),
      goesOn: () => {
        // A stream goes on as its own peer reads it, whatever else comes.
        if (task.stream === null) this.owner.goesOn(task)
      },
      send: (message, moved) => this.send(message, moved),
    }
  }

  private probe(): void {
    this.isProbed = true
    this.silentSinceMs = this.now()
    this.send(['probe'])
  }

  private post(batch: readonly ToThread[], transfer: readonly ArrayBuffer[]): void {
    const now = this.now()
    for (const task of this.unsent) task.handedMs = now
    this.unsent = []
    if (!this.isOver) this.link.post(batch, transfer)
  }
}

function lastNews({ request, costMs, status, fields, text }: RingAnswer): FinalUpdate {
  return status === 0 ? ['text', request, costMs, text] : ['answer', request, costMs, status, fields, text]
}
