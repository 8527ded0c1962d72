import type { AnswerRing, RingAnswer } from '../../domain/threadpool/answer-ring.js'
import type { Claims } from '../../domain/threadpool/claims.js'
import { deserializeError } from '../../domain/threadpool/serialized-error.js'
import { MessageBatch } from '../../domain/threadpool/message-batch.js'
import { FieldSection } from '../../domain/message/field-section.js'
import type { Phase } from '../../domain/lifecycle/drain.js'
import type { Clock } from '../../ports/operations/clock.js'
import type {
  FromThread,
  ControlMessage,
  RequestMessage,
  RunMessage,
  ThreadSetup,
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
 * Theory of operation: the main thread assigns requests in batches. The thread claims each request and calls its handler,
 * one after the other. Each request ends with one message: its response, its failure, the end of its stream, or
 * `cancelled`. This message is sent at once, because the next handler may never return. A short answer is written to the
 * ring instead, where the main thread can read it even then. All other messages of one turn of the event loop are sent
 * together.
 */

/** After this long in one turn, answers in the ring are announced to the main thread without waiting for the end of the turn. */
const LONG_TURN_MS = 1

/** Interval at which the thread checks its memory. */
const MEMORY_CHECK_MS = 250

/** The arguments of a handler thread. */
export interface HandlerThreadParts extends Omit<ThreadSetup, 'claims' | 'answers'> {
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

/** The thread's side of the thread pool: loads the plugins and runs their handlers. */
export class HandlerThread implements RunOwner {
  readonly log: EventLog

  private readonly batch: MessageBatch<FromThread>
  private readonly logChannel: LogChannel
  private readonly metrics: ThreadMetrics
  private readonly runs = new Map<number, HandlerRun>()
  /** The runs of this turn whose handlers returned a promise. */
  private promised: HandlerRun[] = []
  private handlers: readonly Handler[] = []
  private plugins: Plugins | null = null
  private tracing: Tracing | null = null
  private phase: Phase = 'starting'
  private unready: string | null = 'starting'
  /** Up to when busy time has been charged to runs, by the meter. */
  private chargedMs = 0
  private isInTurn = false
  /** Whether the next batch announces the answers in the ring. */
  private isRingAnnounced = false
  /** When the latest batch was posted or the turn began, by the meter. */
  private postedMs = 0

  constructor(private readonly parts: HandlerThreadParts) {
    this.batch = new MessageBatch((messages, transfer) => this.post(messages, transfer), setImmediate)
    this.logChannel = new LogChannel(parts.settings.log.level, (line) => this.sendNow(line))
    this.log = new ThreadLog(this.logChannel)
    this.metrics = new ThreadMetrics((question) => this.send(['ask', question]))
  }

  /** Loads and starts the plugins, and reports the result to the main thread. */
  async start(): Promise<void> {
    const { plugins, settings, clock } = this.parts
    try {
      this.plugins = await plugins.load(settings)
      this.handlers = this.handlersOf(await this.plugins.start(this.context()))
      this.tracing = await this.parts.tracing.load()
    } catch (error) {
      this.sendNow(['start-failed', messageOf(error)])
      return
    }
    clock.every(MEMORY_CHECK_MS, () => this.checkMemory())
    this.sendNow(['ready'])
  }

  /** Receives a batch of messages from the main thread. */
  receive(batch: readonly ToThread[]): void {
    this.beginTurn()
    for (const message of batch) this.dispatch(message)
  }

  send(message: FromThread, transfer: ArrayBuffer | null = null): void {
    this.batch.send(message, transfer)
  }

  putInRing(answer: RingAnswer): boolean {
    if (!this.parts.answers.put(answer)) return false
    this.runs.delete(answer.request)
    if (!this.isRingAnnounced) this.send(['answers'])
    this.isRingAnnounced = true
    return true
  }

  sendFinal(run: HandlerRun, message: FromThread, transfer: ArrayBuffer | null): void {
    this.runs.delete(run.number)
    this.batch.send(message, transfer)
    this.batch.flush()
  }

  /** Assumes that all busy time since the latest call was spent on this run. */
  chargeBusyTime(run: HandlerRun): void {
    const { busyMs } = this.parts.meter
    run.costMs = Math.max(run.costMs, busyMs - this.chargedMs)
    this.chargedMs = busyMs
  }

  /** Sends all pending messages: the thread is about to end. */
  flush(): void {
    this.batch.flush()
  }

  private post(batch: readonly FromThread[], transfer: readonly ArrayBuffer[]): void {
    this.isRingAnnounced = false
    this.postedMs = this.chargedMs
    this.parts.post(batch, transfer)
  }

  private sendNow(message: FromThread): void {
    this.batch.send(message)
    this.batch.flush()
  }

  /**
   * The handlers, in the order of the main thread's routes.
   *
   * @throws {Error} when the plugins have other routes here than in the main thread
   */
  private handlersOf(routes: readonly PluginRoute[]): readonly Handler[] {
    const byKey = new Map(routes.map((route) => [`${route.method} ${route.pattern}`, route.handler]))
    const wanted = new Set(this.parts.routes)
    const missing = this.parts.routes.filter((key) => !byKey.has(key))
    const added = [...byKey.keys()].filter((key) => !wanted.has(key))
    if (missing.length === 0 && added.length === 0) return this.parts.routes.map((key) => byKey.get(key)!)
    const found = [...missing.map((key) => `no "${key}"`), ...added.map((key) => `an additional "${key}"`)]
    throw new Error(
      `Cannot run handlers in thread ${this.parts.thread}: found ${found.join(', ')}, wanted the routes of the main thread`,
    )
  }

  private context(): SharedContext {
    const { files, thread } = this.parts
    const { log, metrics } = this
    return { log, files, metrics, phase: () => this.phase, unready: () => this.unready, thread }
  }

  private dispatch(message: ToThread): void {
    switch (message[0]) {
      case 'request':
        return this.begin(message)
      case 'content':
      case 'content-end':
      case 'content-failed':
      case 'abort':
      case 'pull':
      case 'credit':
      case 'cancel':
        return this.passToRun(this.runs.get(message[1]), message)
      default:
        return this.control(message)
    }
  }

  /** Ignores a message for a run that has ended. */
  private passToRun(run: HandlerRun | undefined, message: RunMessage): void {
    switch (message[0]) {
      case 'content':
        return run?.content(message[2])
      case 'content-end':
        return run?.contentEnd(new FieldSection(message[2], message[3]))
      case 'content-failed':
        return run?.contentFailed(message[2])
      case 'abort':
        return run?.abort(message[2], message[3])
      case 'pull':
        return run?.pull()
      case 'credit':
        return run?.returnCredit(message[2])
      case 'cancel':
        return run?.cancel()
    }
  }

  private control(message: ControlMessage): void {
    switch (message[0]) {
      case 'state':
        this.phase = message[1]
        this.unready = message[2]
        return
      case 'probe':
        return this.send(['alive'])
      case 'logged':
        return this.logChannel.acknowledged(message[1])
      case 'snapshot':
      case 'per-worker':
        return this.metrics.answered(message[0], message[1])
      case 'ask-failed':
        return this.metrics.failed(message[1], deserializeError(message[2]))
      case 'stop':
        void this.stop()
    }
  }

  // Requests

  private begin(message: RequestMessage): void {
    const [, number, route] = message
    if (!this.parts.claims.claim(number)) return
    const run = new HandlerRun(message, this.parts.routes[route]!, this)
    this.runs.set(number, run)
    this.call(run, this.handlers[route]!)
    if (this.isRingAnnounced && this.chargedMs - this.postedMs > LONG_TURN_MS) this.batch.flush()
  }

  private call(run: HandlerRun, handler: Handler): void {
    try {
      const answer = this.callWithin(run.request, handler)
      this.chargeBusyTime(run)
      if (isPromise(answer)) this.awaitAnswer(run, answer)
      else run.answered(answer)
    } catch (error) {
      this.chargeBusyTime(run)
      run.failed(error)
    }
  }

  /** Calls the handler within the span of the main thread, if both threads have telemetry. */
  private callWithin(request: HandlerRequest, handler: Handler): ReturnType<Handler> {
    const { tracing } = this
    const { spanFields } = request
    return tracing === null || spanFields === null
      ? handler(request)
      : tracing.within(spanFields, () => handler(request))
  }

  private awaitAnswer(run: HandlerRun, answer: Promise<Answer>): void {
    this.promised.push(run)
    // A promise that is not a native one may resolve to another promise.
    Promise.resolve(answer).then(
      (settled) => {
        this.chargeBusyTime(run)
        run.answered(settled)
      },
      (error: unknown) => {
        this.chargeBusyTime(run)
        run.failed(error)
      },
    )
  }

  private beginTurn(): void {
    // Busy time before this turn is not charged to the requests of this turn.
    this.chargedMs = this.postedMs = this.parts.meter.busyMs
    if (this.isInTurn) return
    this.isInTurn = true
    setImmediate(() => this.endTurn())
  }

  /** Runs after all requests of the turn were begun: reports those whose handlers wait. */
  private endTurn(): void {
    this.isInTurn = false
    for (const run of this.promised) if (run.isRunning) this.send(['yielded', run.number])
    this.promised = []
    this.batch.flush()
  }

  // The thread

  private checkMemory(): void {
    const { memoryBytes } = this.parts.meter
    if (memoryBytes > this.parts.settings.threadpool.memoryBytes) this.sendNow(['memory', memoryBytes])
  }

  private async stop(): Promise<void> {
    try {
      await this.plugins?.stop()
    } catch (error) {
      this.log.error('plugin stop failed', { error })
    }
    this.sendNow(['stopped'])
  }
}
