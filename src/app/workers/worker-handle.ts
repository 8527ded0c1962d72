import { deferred } from '../../domain/deferred.js'
import { Heartbeat } from '../../domain/workers/supervision.js'
import type { DrainReport } from '../../domain/lifecycle/drain.js'
import type { MetricsCounts, WorkerLoss } from '../../ports/operations/metrics.js'
import type { HandedConnection, ProcessEnd, ToWorker, WorkerProcess } from '../../ports/workers/worker-processes.js'

/** The state of a worker; `ending` from the time when it drains or is retired. */
export type WorkerState = 'starting' | 'ready' | 'ending' | 'ended'

/** One worker process, as its supervisor sees it. */
export class WorkerHandle {
  state: WorkerState = 'starting'
  readonly heartbeat = new Heartbeat()
  /** Whether it was killed because it left a heartbeat unanswered. */
  isUnresponsive = false
  /** When it became ready, on the monotonic clock; null before. */
  readyMs: number | null = null
  /** Its latest report; null before the first. */
  counts: MetricsCounts | null = null
  /** The report of its drain; null until the drain is over. */
  report: DrainReport | null = null
  /** The error that kept it from starting; null when it sent none. */
  failure: string | null = null

  private process: WorkerProcess | null = null
  private readonly start = deferred()
  private readonly end = deferred()

  /**
   * @param key unique among all processes that this supervisor has started
   * @param number of the worker, from 1; its successor has the same
   */
  constructor(
    readonly key: number,
    readonly number: number,
  ) {
    // Prevents an unhandled rejection where nothing awaits the start; `ended` handles such a worker.
    this.start.promise.catch(() => undefined)
  }

  /** Resolves when the worker is ready; rejects with the reason when it ends before. */
  get started(): Promise<void> {
    return this.start.promise
  }

  /** Resolves when the process has ended. */
  get ended(): Promise<void> {
    return this.end.promise
  }

  /** 0 before the process runs, and when it could not be started. */
  get pid(): number {
    return this.process?.pid ?? 0
  }

  get wasReady(): boolean {
    return this.readyMs !== null
  }

  /** The cause to report if it ends without having drained. */
  get loss(): WorkerLoss {
    return this.isUnresponsive ? 'unresponsive' : 'died'
  }

  /** Connects the handle with the process that was started for it. */
  attach(process: WorkerProcess): void {
    this.process = process
  }

  send(message: ToWorker): void {
    this.process?.send(message)
  }

  handOff(message: ToWorker, connection: HandedConnection): void {
    this.process?.handOff(message, connection)
  }

  kill(): void {
    this.process?.kill()
  }

  /** Kills a worker that does not answer its heartbeat. */
  killUnresponsive(): void {
    this.isUnresponsive = true
    this.kill()
  }

  /** The worker drains or is retired. */
  markEnding(): void {
    if (this.state === 'ready') this.state = 'ending'
  }

  /** The worker has reported that its server has started. */
  markReady(nowMs: number): void {
    if (this.state === 'starting') this.state = 'ready'
    this.readyMs = nowMs
    this.start.resolve()
  }

  /** The process has ended. */
  markEnded(end: ProcessEnd): void {
    this.state = 'ended'
    this.start.reject(new Error(this.failure ?? `Cannot start worker ${this.number}: ${this.reason(end)}`))
    this.end.resolve()
  }

  private reason({ code, signal }: ProcessEnd): string {
    if (this.isUnresponsive) return 'it does not answer'
    if (signal !== null) return `it was ended by ${signal}`
    return code === null ? 'the process cannot be started' : `it ended with code ${code}`
  }
}
