import type { DrainReport } from '../../domain/lifecycle/drain.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { Credentials } from '../../ports/operations/credentials.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { MetricsCounts } from '../../ports/operations/metrics.js'
import type {
  HandedConnection,
  WorkerReceiver,
  SupervisorChannel,
  ToWorker,
  WorkerConfiguration,
} from '../../ports/workers/worker-processes.js'
import { messageOf } from '../message-of.js'
import { logStrayErrors } from '../stray-errors.js'
import { WorkerCrew } from './worker-crew.js'
import { WorkerHatch } from './worker-hatch.js'

/** What a worker runs: a server and what belongs to it. */
export interface WorkerService {
  readonly server: {
    start(): Promise<unknown>
    drain(): Promise<DrainReport>
    relieve(): Promise<DrainReport>
  }
  readonly log: EventLog
  counts(): MetricsCounts
  /** Secures new connections by these from now on. */
  renew(credentials: Credentials): void
  /** Writes what the logs still hold. */
  closeLogs(): Promise<void>
}

/** Makes the service of a worker by its orders. */
export type MakeService = (orders: WorkerConfiguration, hatch: WorkerHatch, crew: WorkerCrew) => WorkerService

const DONE = 0
const FAILURE = 1

/** What a worker is made of once it has its orders. */
interface Work {
  readonly hatch: WorkerHatch
  readonly crew: WorkerCrew
  readonly service: WorkerService
  /** Resolves when the server has started; never when it could not. */
  readonly started: Promise<void>
}

/** The life of a worker process: told by its supervisor, until it is drained, relieved, or left alone. */
export class Worker implements WorkerReceiver {
  private work: Work | null = null
  private isOver = false
  private exit: (code: number) => void = () => undefined

  constructor(
    private readonly line: SupervisorChannel,
    private readonly clock: Clock,
    private readonly make: MakeService,
  ) {}

  /** Resolves with the exit code, at the end of the worker's life. */
  live(): Promise<number> {
    const ended = new Promise<number>((resolve) => (this.exit = resolve))
    this.line.begin(this)
    return ended
  }

  received(message: ToWorker, connection: HandedConnection | null): void {
    if (message.kind === 'start') this.work = this.begin(message.orders)
    else if (this.work !== null) this.toldAtWork(this.work, message, connection)
  }

  /** Nobody is left who would replace it, or tell it to stop. */
  lost(): void {
    this.work?.crew.lost()
    this.work?.hatch.lost()
    this.drain()
  }

  /** Drains, and ends. */
  drain(): void {
    this.endBy((server) => server.drain())
  }

  private toldAtWork(
    { hatch, crew, service }: Work,
    message: Exclude<ToWorker, { kind: 'start' }>,
    connection: HandedConnection | null,
  ): void {
    switch (message.kind) {
      case 'connection':
        return hatch.received(message.connection, message.entry, message.freshUntil, connection)
      case 'granted':
        return hatch.granted(message.connection, message.granted)
      case 'shut':
        return hatch.shut()
      case 'heartbeat':
        return this.line.send({ kind: 'alive', askedMs: message.askedMs })
      case 'count':
        return this.line.send({ kind: 'counted', query: message.query, counts: service.counts() })
      case 'crew':
        return crew.answered(message.query, message.counts)
      case 'trouble':
        crew.trouble = message.trouble
        return
      case 'renewal':
        return service.renew(message.credentials)
      case 'drain':
        return this.drain()
      case 'relieve':
        return this.endBy((server) => server.relieve())
    }
  }

  private begin(orders: WorkerConfiguration): Work {
    const hatch = new WorkerHatch(this.line, this.clock, orders.addresses)
    const crew = new WorkerCrew(this.line, this.clock, orders)
    const service = this.make(orders, hatch, crew)
    logStrayErrors(service.log)
    return { hatch, crew, service, started: this.start(service) }
  }

  private async start(service: WorkerService): Promise<void> {
    try {
      await service.server.start()
      this.line.send({ kind: 'ready' })
    } catch (error) {
      this.line.send({ kind: 'failed', message: messageOf(error) })
      await this.end(service, FAILURE)
      await new Promise(() => undefined)
    }
  }

  private endBy(end: (server: WorkerService['server']) => Promise<DrainReport>): void {
    if (this.work === null) this.exit(DONE)
    else void this.finish(this.work, end)
  }

  /** What is begun in a start can be ended in order only when the start is complete. */
  private async finish(
    { service, started }: Work,
    end: (server: WorkerService['server']) => Promise<DrainReport>,
  ): Promise<void> {
    await started
    const report = await end(service.server)
    if (this.isOver) return
    this.isOver = true
    this.line.send({ kind: 'done', report, counts: service.counts() })
    await this.end(service, DONE)
  }

  private async end(service: WorkerService, code: number): Promise<void> {
    await service.closeLogs()
    await this.line.close()
    this.exit(code)
  }
}
