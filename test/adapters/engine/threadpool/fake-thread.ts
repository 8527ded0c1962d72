import type { StartThread, ThreadEvents, ThreadLink } from '../../../../src/adapters/engine/threadpool/thread-link.js'
import { AnswerRing } from '../../../../src/domain/threadpool/answer-ring.js'
import { Claims } from '../../../../src/domain/threadpool/claims.js'
import type {
  FromThread,
  RequestMessage,
  ThreadSetup,
  ToThread,
} from '../../../../src/ports/threads/thread-messages.js'

/** The kinds of the last message about a request. */
const FINAL_KINDS: ReadonlySet<string> = new Set(['text', 'response', 'end', 'failed', 'cancelled'])

/**
 * A handler thread that the test controls. The only message that it answers without being asked to is a probe, and only
 * while it has no unfinished requests.
 */
export class FakeThread implements ThreadLink {
  readonly batches: (readonly ToThread[])[] = []
  /** The ids of the requests that it has begun. */
  readonly begun: string[] = []
  isEnded = false
  /** Whether it answers each request in the next turn, with its own thread number. */
  answersAll = false
  /** Whether it answers no probe. */
  ignoresProbes = false
  private isReady = false
  private readonly claims: Claims
  private readonly finished = new Set<number>()
  private readonly claimed = new Set<number>()

  constructor(
    readonly setup: ThreadSetup,
    private readonly events: ThreadEvents,
  ) {
    this.claims = new Claims(setup.claims)
  }

  post(batch: readonly ToThread[]): void {
    this.batches.push(batch)
    if (this.answersAll) setImmediate(() => this.work(batch))
    else if (this.isIdle && batch.some(([kind]) => kind === 'probe')) setImmediate(() => this.sends(['alive']))
  }

  async end(): Promise<void> {
    if (this.isEnded) return
    this.isEnded = true
    this.events.exited()
  }

  /** All messages of a kind that it received. */
  received<Kind extends ToThread[0]>(kind: Kind): Extract<ToThread, readonly [Kind, ...unknown[]]>[] {
    return this.batches.flat().filter((message) => message[0] === kind) as never
  }

  get requests(): RequestMessage[] {
    return this.received('request')
  }

  /** The number of the request that was assigned to it last. */
  get latest(): number {
    return this.requests.at(-1)![1]
  }

  /**
   * Claims a request, as a thread does when it begins one.
   *
   * @returns false when the request was taken back
   */
  claim(request: number = this.latest): boolean {
    const isClaimed = this.claims.claim(request)
    if (!isClaimed) return false
    this.claimed.add(request)
    this.begun.push(this.requests.findLast(([, number]) => number === request)![11])
    return true
  }

  /** Sends a batch of messages to the main thread. */
  sends(...batch: FromThread[]): void {
    for (const [kind, request] of batch) if (FINAL_KINDS.has(kind)) this.finished.add(request as number)
    this.events.received(batch)
  }

  /** Claims a request and answers it with a text. */
  answers(text: string, request: number = this.latest, costMs = 0): void {
    this.claim(request)
    this.sends(['text', request, costMs, text])
  }

  /** Claims a request and puts an answer in the ring, without announcing it. */
  putsInRing(text: string, request: number = this.latest): void {
    this.claim(request)
    new AnswerRing(this.setup.answers).put({ request, costMs: 0, status: 0, fields: '', text })
    this.finished.add(request)
  }

  /** Reports that it has started, if it has not yet. */
  ready(): void {
    if (!this.isReady) this.sends(['ready'])
    this.isReady = true
  }

  /** Answers all of its requests, those it has and those to come. */
  finishAll(): void {
    this.ready()
    this.answersAll = true
    this.sends(['alive'])
    for (const [, number, ...rest] of this.requests) {
      if (this.claim(number) || this.begun.includes(rest[9])) this.sends(['text', number, 0, 'at last'])
    }
  }

  private get isIdle(): boolean {
    if (this.ignoresProbes) return false
    return this.requests.every(
      ([, number]) => this.finished.has(number) || !(this.claimed.has(number) || this.claims.isOpen(number)),
    )
  }

  private work(batch: readonly ToThread[]): void {
    for (const message of batch) {
      if (message[0] === 'probe') this.sends(['alive'])
      else if (message[0] === 'request' && this.claim(message[1])) this.answers(String(this.setup.thread), message[1])
    }
  }

  /** Exits without having been ended; after an error, if there is one. */
  exits(error?: unknown): void {
    this.isEnded = true
    if (error !== undefined) this.events.failed(error)
    this.events.exited()
  }
}

/** Starts fake threads. */
export class FakeThreads {
  /** All threads, in the order in which they were started. */
  readonly started: FakeThread[] = []

  readonly start: StartThread = (setup, events) => {
    const thread = new FakeThread(setup, events)
    this.started.push(thread)
    return thread
  }

  /** The latest thread with a number. */
  at(number: number): FakeThread {
    return this.started.findLast(({ setup }) => setup.thread === number)!
  }
}
