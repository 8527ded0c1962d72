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
import { SupervisedGroup } from './supervised-group.js'
import { ConnectionReceiver } from './connection-receiver.js'

/** What a worker runs: a server and what belongs to it. */
export interface WorkerService {
  readonly server: {
    start(): Promise<unknown>
    drain(): Promise<DrainReport>
    retire(): Promise<DrainReport>
  }
  readonly log: EventLog
  counts(): MetricsCounts
  /** Secures new connections by these from now on. */
  renew(credentials: Credentials): void
  /** Writes what the logs still hold. */
  closeLogs(): Promise<void>
}

/** Makes the service of a worker by its configuration. */
export type MakeService = (
  configuration: WorkerConfiguration,
  receiver: ConnectionReceiver,
  group: SupervisedGroup,
) => WorkerService

const DONE = 0
const FAILURE = 1

/** What a worker is made of once it has its configuration. */
interface Work {
  readonly receiver: ConnectionReceiver
  readonly group: SupervisedGroup
  readonly service: WorkerService
  /** Resolves when the server has started; never when it could not. */
  readonly started: Promise<void>
}

/** The life of a worker process: told by its supervisor, until it is drained, retired, or left alone. */
export class Worker implements WorkerReceiver {
  private work: Work | null = null
  private isOver = false
  private exit: (code: number) => void = () => undefined

  constructor(
    private readonly channel: SupervisorChannel,
    private readonly clock: Clock,
    private readonly make: MakeService,
  ) {}

  /** Resolves with the exit code, at the end of the worker's life. */
  live(): Promise<number> {
    const ended = new Promise<number>((resolve) => (this.exit = resolve))
    this.channel.begin(this)
    return ended
  }

  received(message: ToWorker, connection: HandedConnection | null): void {
    if (message.kind === 'start') this.work = this.begin(message.configuration)
    else if (this.work !== null) this.toldAtWork(this.work, message, connection)
  }

  /** Nobody is left who would replace it, or tell it to stop. */
  lost(): void {
    this.work?.group.lost()
    this.work?.receiver.lost()
    this.drain()
  }

  /** Drains, and ends. */
  drain(): void {
    this.endBy((server) => server.drain())
  }

  private toldAtWork(
    { receiver, group, service }: Work,
    message: Exclude<ToWorker, { kind: 'start' }>,
    connection: HandedConnection | null,
  ): void {
    switch (message.kind) {
      case 'connection':
        return receiver.received(message.connection, message.entry, message.freshUntil, connection)
      case 'granted':
        return receiver.granted(message.connection, message.granted)
      case 'shut':
        return receiver.shut()
      case 'heartbeat':
        return this.channel.send({ kind: 'alive', askedMs: message.askedMs })
      case 'count':
        return this.channel.send({ kind: 'counted', query: message.query, counts: service.counts() })
      case 'group':
        return group.answered(message.query, message.counts)
      case 'trouble':
        group.trouble = message.trouble
        return
      case 'renewal':
        return service.renew(message.credentials)
      case 'drain':
        return this.drain()
      case 'retire':
        return this.endBy((server) => server.retire())
    }
  }

  private begin(configuration: WorkerConfiguration): Work {
    const receiver = new ConnectionReceiver(this.channel, this.clock, configuration.addresses)
    const group = new SupervisedGroup(this.channel, this.clock, configuration)
    const service = this.make(configuration, receiver, group)
    logStrayErrors(service.log)
    return { receiver, group, service, started: this.start(service) }
  }

  private async start(service: WorkerService): Promise<void> {
    try {
      await service.server.start()
      this.channel.send({ kind: 'ready' })
    } catch (error) {
      this.channel.send({ kind: 'failed', message: messageOf(error) })
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
    this.channel.send({ kind: 'done', report, counts: service.counts() })
    await this.end(service, DONE)
  }

  private async end(service: WorkerService, code: number): Promise<void> {
    await service.closeLogs()
    await this.channel.close()
    this.exit(code)
  }
}
