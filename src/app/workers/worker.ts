import { deferred } from '../../domain/deferred.js'
import type { DrainReport } from '../../domain/lifecycle/drain.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { Credentials } from '../../ports/operations/credentials.js'
import type { MetricsCounts } from '../../ports/operations/metrics.js'
import type {
  HandedConnection,
  WorkerReceiver,
  SupervisorChannel,
  ToWorker,
  WorkerConfiguration,
} from '../../ports/workers/worker-processes.js'
import { messageOf } from '../message-of.js'
import { SupervisedGroup } from './supervised-group.js'
import { ConnectionReceiver } from './connection-receiver.js'

/** The server that a worker runs, with its metrics and its logs. */
export interface WorkerService {
  readonly server: {
    start(): Promise<unknown>
    drain(): Promise<DrainReport>
    retire(): Promise<DrainReport>
  }
  counts(): MetricsCounts
  /** New TLS connections use these credentials from now on. */
  renew(credentials: Credentials): void
  /** Writes the buffered log lines. */
  closeLogs(): Promise<void>
}

/** Makes the service of a worker from its configuration. */
export type MakeService = (
  configuration: WorkerConfiguration,
  receiver: ConnectionReceiver,
  group: SupervisedGroup,
) => WorkerService

const DONE = 0
const FAILURE = 1

type Finish = (server: WorkerService['server']) => Promise<DrainReport>

/** The parts of a worker that exist once it has its configuration. */
interface Running {
  readonly receiver: ConnectionReceiver
  readonly group: SupervisedGroup
  readonly service: WorkerService
  /** Resolves when the server has started; stays pending when it could not. */
  readonly started: Promise<void>
}

/** The life of a worker process: starts a server when its supervisor says so, and ends after a drain or a retirement. */
export class Worker implements WorkerReceiver {
  private running: Running | null = null
  private isFinished = false
  private readonly exit = deferred<number>()

  constructor(
    private readonly channel: SupervisorChannel,
    private readonly clock: Clock,
    private readonly makeService: MakeService,
  ) {}

  /** Resolves with the exit code, at the end of the worker's life. */
  live(): Promise<number> {
    this.channel.begin(this)
    return this.exit.promise
  }

  received(message: ToWorker, connection: HandedConnection | null): void {
    if (message.kind === 'start') this.running = this.begin(message.configuration)
    else if (this.running !== null) this.receivedRunning(this.running, message, connection)
  }

  /** The supervisor has died: no process would replace this worker, or ask it to drain. */
  lost(): void {
    this.running?.group.lost()
    this.running?.receiver.lost()
    this.drain()
  }

  /** Drains the server, and ends. */
  drain(): void {
    this.finishBy((server) => server.drain())
  }

  private receivedRunning(
    { receiver, group, service }: Running,
    message: Exclude<ToWorker, { kind: 'start' }>,
    connection: HandedConnection | null,
  ): void {
    switch (message.kind) {
      case 'connection':
        return receiver.received(message.connection, message.listener, message.freshUntil, connection)
      case 'claim-answer':
        return receiver.claimAnswered(message.connection, message.granted)
      case 'closed':
        return receiver.closed()
      case 'heartbeat':
        return this.channel.send({ kind: 'alive', sentMs: message.sentMs })
      case 'count':
        return this.channel.send({ kind: 'counts', query: message.query, counts: service.counts() })
      case 'group-counts':
        return group.answered(message.query, message.counts)
      case 'trouble':
        group.trouble = message.trouble
        return
      case 'renewal':
        return service.renew(message.credentials)
      case 'drain':
        return this.drain()
      case 'retire':
        return this.finishBy((server) => server.retire())
    }
  }

  private begin(configuration: WorkerConfiguration): Running {
    const receiver = new ConnectionReceiver(this.channel, this.clock, configuration.addresses)
    const group = new SupervisedGroup(this.channel, this.clock, configuration)
    const service = this.makeService(configuration, receiver, group)
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

  private finishBy(finish: Finish): void {
    if (this.running === null) this.exit.resolve(DONE)
    else void this.finish(this.running, finish)
  }

  /** Waits for the start: a server that is still starting cannot be drained in order. */
  private async finish({ service, started }: Running, finish: Finish): Promise<void> {
    await started
    const report = await finish(service.server)
    if (this.isFinished) return
    this.isFinished = true
    this.channel.send({ kind: 'drained', report, counts: service.counts() })
    await this.end(service, DONE)
  }

  private async end(service: WorkerService, code: number): Promise<void> {
    await service.closeLogs()
    await this.channel.close()
    this.exit.resolve(code)
  }
}
