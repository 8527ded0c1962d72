import type { StartThread, ThreadEvents, ThreadLink } from '../../../../src/adapters/engine/threadpool/thread-link.js'
import { AnswerRing } from '../../../../src/domain/threadpool/answer-ring.js'
import { Claims } from '../../../../src/domain/threadpool/claims.js'
import type { FromThread, RequestMessage, ThreadSetup, ToThread } from '../../../../src/ports/threads/thread-messages.js'

/** With which a request is over. */
const LAST: ReadonlySet<string> = new Set(['text', 'response', 'end', 'failed', 'cancelled'])

/**
 * A handler thread that does what the test says: it claims and answers nothing by itself, but for a question whether it is
 * there while it has nothing else to do.
 */
export class FakeThread implements ThreadLink {
  readonly batches: (readonly ToThread[])[] = []
  /** Octets that were moved to it. */
  moved = 0
  isEnded = false
  private isReady = false
  /** Whether it answers each request in the next turn, with its own number. */
  isDiligent = false
  /** Whether it does not even answer questions. */
  isDeaf = false
  private readonly claims: Claims
  private readonly isOver = new Set<number>()
  private readonly isBegun = new Set<number>()

  constructor(
    readonly setup: ThreadSetup,
    private readonly events: ThreadEvents,
  ) {
    this.claims = new Claims(setup.claims)
  }

  post(batch: readonly ToThread[], transfer: readonly ArrayBuffer[]): void {
    this.batches.push(batch)
    for (const { byteLength } of transfer) this.moved += byteLength
    if (this.isDiligent) setImmediate(() => this.work(batch))
    else if (this.isAtRest && batch.some(([kind]) => kind === 'probe')) setImmediate(() => this.says(['alive']))
  }

  async end(): Promise<void> {
    if (this.isEnded) return
    this.isEnded = true
    this.events.exited()
  }

  /** All that it was sent of a kind. */
  sent<Kind extends ToThread[0]>(kind: Kind): Extract<ToThread, readonly [Kind, ...unknown[]]>[] {
    return this.batches.flat().filter((message) => message[0] === kind) as never
  }

  get requests(): RequestMessage[] {
    return this.sent('request')
  }

  /** The number of the request that it was handed last. */
  get latest(): number {
    return this.requests.at(-1)![1]
  }

  /** The ids of the requests that it has begun. */
  readonly begun: string[] = []

  /** Begins a request, as long as it was not taken back. */
  claim(request: number = this.latest): boolean {
    const isClaimed = this.claims.claim(request)
    if (!isClaimed) return false
    this.isBegun.add(request)
    this.begun.push(this.requests.findLast(([, number]) => number === request)![11])
    return true
  }

  says(...batch: FromThread[]): void {
    for (const [kind, request] of batch) if (LAST.has(kind)) this.isOver.add(request as number)
    this.events.received(batch)
  }

  /** Claims a request and answers it with a text. */
  answers(text: string, request: number = this.latest, costMs = 0): void {
    this.claim(request)
    this.says(['text', request, costMs, text])
  }

  /** Claims a request and leaves a short answer to it, of which it has not told. */
  leaves(text: string, request: number = this.latest): void {
    this.claim(request)
    new AnswerRing(this.setup.answers).put({ request, costMs: 0, status: 0, fields: '', text })
    this.isOver.add(request)
  }

  /** It has started; said once. */
  ready(): void {
    if (!this.isReady) this.says(['ready'])
    this.isReady = true
  }

  /** From now on it does what it is handed, what it has been handed so far included. */
  catchUp(): void {
    this.ready()
    this.isDiligent = true
    this.says(['alive'])
    for (const [, number, ...rest] of this.requests) {
      if (this.claim(number) || this.begun.includes(rest[9])) this.says(['text', number, 0, 'at last'])
    }
  }

  private get isAtRest(): boolean {
    if (this.isDeaf) return false
    return this.requests.every(
      ([, number]) => this.isOver.has(number) || !(this.isBegun.has(number) || this.claims.isOpen(number)),
    )
  }

  private work(batch: readonly ToThread[]): void {
    for (const message of batch) {
      if (message[0] === 'probe') this.says(['alive'])
      else if (message[0] === 'request' && this.claim(message[1])) this.answers(String(this.setup.thread), message[1])
    }
  }

  /** It dies by itself, of this error. */
  dies(error?: unknown): void {
    this.isEnded = true
    if (error !== undefined) this.events.failed(error)
    this.events.exited()
  }
}

/** Threads that start as the test has it, in the order they were started. */
export class FakeThreads {
  readonly started: FakeThread[] = []

  readonly start: StartThread = (setup, events) => {
    const thread = new FakeThread(setup, events)
    this.started.push(thread)
    return thread
  }

  /** The one that has a number now. */
  at(number: number): FakeThread {
    return this.started.findLast(({ setup }) => setup.thread === number)!
  }
}
