import { Heartbeat } from '../../domain/workers/supervision.js'
import type { DrainReport } from '../../domain/lifecycle/drain.js'
import type { MetricsCounts, WorkerLoss } from '../../ports/operations/metrics.js'
import type { HandedConnection, ProcessEnd, ToWorker, WorkerProcess } from '../../ports/workers/worker-processes.js'

/** Where a worker is in its life; it is `leaving` when it was told to drain or retired, or drains by itself. */
export type WorkerState = 'starting' | 'ready' | 'leaving' | 'gone'

/** One worker process, as its supervisor knows it. */
export class WorkerHandle {
  state: WorkerState = 'starting'
  readonly heartbeat = new Heartbeat()
  /** Whether it was killed since it left its heartbeat unanswered. */
  isSilent = false
  /** When it became ready, on the monotonic clock. */
  readyMs: number | null = null
  /** What it had counted when it was last asked. */
  counts: MetricsCounts | null = null
  /** What its drain came to; null until that is over. */
  report: DrainReport | null = null
  /** Why it could not start, in its own words. */
  failure: string | null = null
  /** Resolves when it serves. */
  readonly started: Promise<void>
  /** Resolves when its process is gone. */
  readonly ended: Promise<void>

  private process: WorkerProcess | null = null
  private tellStarted: () => void = () => undefined
  private tellFailed: (error: Error) => void = () => undefined
  private tellEnded: () => void = () => undefined

  /**
   * @param key which no other process of this supervisor has had
   * @param number of the worker, from 1; its successor has it too
   */
  constructor(
    readonly key: number,
    readonly number: number,
  ) {
    this.started = new Promise((resolve, reject) => {
      this.tellStarted = resolve
      this.tellFailed = reject
    })
    // Who starts it waits; who starts it again hears of its end.
    this.started.catch(() => undefined)
    this.ended = new Promise((resolve) => (this.tellEnded = resolve))
  }

  get pid(): number {
    return this.process?.pid ?? 0
  }

  get hasServed(): boolean {
    return this.readyMs !== null
  }

  /** How its end counts, unless it was retired. */
  get loss(): WorkerLoss {
    return this.isSilent ? 'unresponsive' : 'died'
  }

  runs(process: WorkerProcess): void {
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

  /** It does not answer. */
  killSilent(): void {
    this.isSilent = true
    this.kill()
  }

  leaves(): void {
    if (this.state === 'ready') this.state = 'leaving'
  }

  /** It says that it serves. */
  hasStarted(nowMs: number): void {
    if (this.state === 'starting') this.state = 'ready'
    this.readyMs = nowMs
    this.tellStarted()
  }

  /** Its process is gone. */
  hasEnded(end: ProcessEnd): void {
    this.state = 'gone'
    this.tellFailed(new Error(this.failure ?? `Cannot start worker ${this.number}: ${this.reason(end)}`))
    this.tellEnded()
  }

  private reason({ code, signal }: ProcessEnd): string {
    if (this.isSilent) return 'it does not answer'
    if (signal !== null) return `it was ended by ${signal}`
    return code === null ? 'the process cannot be started' : `it ended with code ${code}`
  }
}
