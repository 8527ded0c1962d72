import type { AnswerRing, RingAnswer } from '../../domain/threadpool/answer-ring.js'
import type { Claims } from '../../domain/threadpool/claims.js'
import { deserializeError } from '../../domain/threadpool/serialized-error.js'
import { Outbox } from '../../domain/threadpool/outbox.js'
import { FieldSection } from '../../domain/message/field-section.js'
import type { Phase } from '../../domain/lifecycle/drain.js'
import type { Clock } from '../../ports/operations/clock.js'
import type {
  FromThread,
  ControlMessage,
  RequestMessage,
  RunMessage,
  ThreadSeed,
  ToThread,
} from '../../ports/threads/thread-messages.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Files } from '../../ports/serving/files.js'
import type { Answer, Handler, SharedContext } from '../../ports/plugins/plugin.js'
import type { PluginRoute, Plugins, PluginSource } from '../../ports/plugins/plugin-source.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { ThreadMeter } from '../../ports/threads/thread-meter.js'
import type { Tracing, TracingSource } from '../../ports/serving/tracing.js'
import { isPromise } from '../serving/answer.js'
import type { HandlerRequest } from '../serving/handler-request.js'
import { messageOf } from '../message-of.js'
import { HandlerRun, type RunOwner } from './handler-run.js'
import { LogChannel, ThreadLog } from './thread-log.js'
import { ThreadMetrics } from './thread-metrics.js'

/*
 * Theory of operation: the main thread hands requests over in batches. Each is claimed and its handler called, one after
 * the other. A request is over for the main thread with one message: its answer, its failure, the end of its stream, or
 * `over`. Since whatever runs next may never come back, that leaves at once; a short answer is left in the ring, where the
 * main thread finds it even then. All else that is told in one turn of the event loop goes back in one batch.
 */

/** When the main thread is told of the answers in the ring although the turn is not over. */
const LONG_TURN_MS = 1

/** How often the memory that was taken is looked at. */
const MEMORY_CHECK_MS = 250

/** What a handler thread is made of. */
export interface HandlerThreadParts extends Omit<ThreadSeed, 'claims' | 'answers'> {
  readonly claims: Claims
  readonly answers: AnswerRing
  readonly settings: Settings
  readonly plugins: PluginSource
  readonly files: Files
  readonly clock: Clock
  readonly meter: ThreadMeter
  readonly tracing: TracingSource
  readonly post: (batch: readonly FromThread[], transfer: readonly ArrayBuffer[]) => void
}

/** The thread's side of the thread pool: loads the plugins, and runs their handlers. */
export class HandlerThread implements RunOwner {
  readonly log: EventLog

  private readonly outbox: Outbox<FromThread>
  private readonly logCrossing: LogChannel
  private readonly metrics: ThreadMetrics
  private readonly runs = new Map<number, HandlerRun>()
  /** Those of this turn whose handlers have returned a promise. */
  private promised: HandlerRun[] = []
  private handlers: readonly Handler[] = []
  private plugins: Plugins | null = null
  private tracing: Tracing | null = null
  private phase: Phase = 'starting'
  private unready: string | null = 'starting'
  /** Up to when it has been told who kept the thread busy, by the meter. */
  private accountedMs = 0
  private isTurnBegun = false
  /** Whether the main thread will be told that there are answers in the ring. */
  private isRingTold = false
  private postedMs = 0

  constructor(private readonly parts: HandlerThreadParts) {
    this.outbox = new Outbox((batch, transfer) => this.post(batch, transfer), setImmediate)
    this.logCrossing = new LogChannel(parts.settings.log.level, (line) => this.sendNow(line))
    this.log = new ThreadLog(this.logCrossing)
    this.metrics = new ThreadMetrics((question) => this.send(['ask', question]))
  }

  /** Loads and starts the plugins, and tells the main thread how that went. */
  async start(): Promise<void> {
    const { plugins, settings, clock } = this.parts
    try {
      this.plugins = await plugins.load(settings)
      this.handlers = this.placed(await this.plugins.start(this.context()))
      this.tracing = await this.parts.tracing.load()
    } catch (error) {
      this.sendNow(['refused', messageOf(error)])
      return
    }
    clock.every(MEMORY_CHECK_MS, () => this.checkMemory())
    this.sendNow(['ready'])
  }

  receive(batch: readonly ToThread[]): void {
    this.beginTurn()
    for (const message of batch) this.take(message)
  }

  send(message: FromThread, moved: ArrayBuffer | null = null): void {
    this.outbox.send(message, moved)
  }

  leave(answer: RingAnswer): boolean {
    if (!this.parts.answers.put(answer)) return false
    this.runs.delete(answer.request)
    if (!this.isRingTold) this.send(['answers'])
    this.isRingTold = true
    return true
  }

  sendLast(run: HandlerRun, message: FromThread, moved: ArrayBuffer | null): void {
    this.runs.delete(run.number)
    this.outbox.send(message, moved)
    this.outbox.flush()
  }

  /** What was done since the last account was done for this run, as far as anybody can tell. */
  account(run: HandlerRun): void {
    const { busyMs } = this.parts.meter
    run.costMs = Math.max(run.costMs, busyMs - this.accountedMs)
    this.accountedMs = busyMs
  }

  /** Sends what is still to be sent: the thread ends. */
  flush(): void {
    this.outbox.flush()
  }

  private post(batch: readonly FromThread[], transfer: readonly ArrayBuffer[]): void {
    this.isRingTold = false
    this.postedMs = this.accountedMs
    this.parts.post(batch, transfer)
  }

  private sendNow(message: FromThread): void {
    this.outbox.send(message)
    this.outbox.flush()
  }

  /** @throws {Error} when the plugins have other routes here than in the main thread */
  private placed(routes: readonly PluginRoute[]): readonly Handler[] {
    const byKey = new Map(routes.map((route) => [`${route.method} ${route.pattern}`, route.handler]))
    const wanted = new Set(this.parts.routes)
    const missing = this.parts.routes.filter((key) => !byKey.has(key))
    const added = [...byKey.keys()].filter((key) => !wanted.has(key))
    if (missing.length === 0 && added.length === 0) return this.parts.routes.map((key) => byKey.get(key)!)
    const found = [...missing.map((key) => `no "${key}"`), ...added.map((key) => `"${key}" beside them`)]
    throw new Error(
      `Cannot run handlers in thread ${this.parts.thread}: found ${found.join(', ')}, wanted the routes of the main thread`,
    )
  }

  private context(): SharedContext {
    const { files, thread } = this.parts
    const { log, metrics } = this
    return { log, files, metrics, phase: () => this.phase, unready: () => this.unready, thread }
  }

  private take(message: ToThread): void {
    switch (message[0]) {
      case 'request':
        return this.begin(message)
      case 'content':
      case 'content-end':
      case 'content-failed':
      case 'abort':
      case 'want':
      case 'consumed':
      case 'cancel':
        return this.tell(this.runs.get(message[1]), message)
      default:
        return this.takeNews(message)
    }
  }

  /** What comes for a run that is over means nothing any more. */
  private tell(run: HandlerRun | undefined, message: RunMessage): void {
    switch (message[0]) {
      case 'content':
        return run?.content(message[2])
      case 'content-end':
        return run?.contentEnd(new FieldSection(message[2], message[3]))
      case 'content-failed':
        return run?.contentFailed(message[2])
      case 'abort':
        return run?.abort(message[2], message[3])
      case 'want':
        return run?.want()
      case 'consumed':
        return run?.consumed(message[2])
      case 'cancel':
        return run?.cancel()
    }
  }

  private takeNews(message: ControlMessage): void {
    switch (message[0]) {
      case 'state':
        this.phase = message[1]
        this.unready = message[2]
        return
      case 'probe':
        return this.send(['here'])
      case 'logged':
        return this.logCrossing.taken(message[1])
      case 'snapshot':
      case 'per-worker':
        return this.metrics.answered(message[0], message[1])
      case 'unanswered':
        return this.metrics.failed(message[1], deserializeError(message[2]))
      case 'stop':
        void this.stop()
    }
  }

  // Requests

  private begin(message: RequestMessage): void {
    const [, number, route] = message
    if (!this.parts.claims.take(number)) return
    const run = new HandlerRun(message, this.parts.routes[route]!, this)
    this.runs.set(number, run)
    this.call(run, this.handlers[route]!)
    if (this.isRingTold && this.accountedMs - this.postedMs > LONG_TURN_MS) this.outbox.flush()
  }

  private call(run: HandlerRun, handler: Handler): void {
    try {
      const answer = this.within(run.request, handler)
      this.account(run)
      if (isPromise(answer)) this.awaitAnswer(run, answer)
      else run.answered(answer)
    } catch (error) {
      this.account(run)
      run.failed(error)
    }
  }

  /** In the span of the main thread, where both threads have telemetry. */
  private within(request: HandlerRequest, handler: Handler): ReturnType<Handler> {
    const { tracing } = this
    const { spanFields } = request
    return tracing === null || spanFields === null
      ? handler(request)
      : tracing.within(spanFields, () => handler(request))
  }

  private awaitAnswer(run: HandlerRun, answer: Promise<Answer>): void {
    this.promised.push(run)
    // One that is not of the platform's may resolve to another.
    Promise.resolve(answer).then(
      (settled) => {
        this.account(run)
        run.answered(settled)
      },
      (error: unknown) => {
        this.account(run)
        run.failed(error)
      },
    )
  }

  private beginTurn(): void {
    // What kept the thread busy before is no cost of what has come now.
    this.accountedMs = this.postedMs = this.parts.meter.busyMs
    if (this.isTurnBegun) return
    this.isTurnBegun = true
    setImmediate(() => this.endTurn())
  }

  /** All that could be done at once has been done. */
  private endTurn(): void {
    this.isTurnBegun = false
    for (const run of this.promised) if (run.isRunning) this.send(['waits', run.number])
    this.promised = []
    this.outbox.flush()
  }

  // The thread's life

  private checkMemory(): void {
    const { memoryOctets } = this.parts.meter
    if (memoryOctets > this.parts.settings.threadpool.memoryBytes) this.sendNow(['memory', memoryOctets])
  }

  private async stop(): Promise<void> {
    try {
      await this.plugins?.stop()
    } catch (error) {
      this.log.error('plugins failed to stop', { error })
    }
    this.sendNow(['stopped'])
  }
}
