import { mergeReports, type DrainReport } from '../../domain/lifecycle/drain.js'
import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { RestartRules } from '../../domain/workers/restart-back-off.js'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { WorkersMetrics } from '../../ports/operations/metrics.js'
import type { CredentialSource } from '../../ports/operations/credentials.js'
import type {
  Acceptor,
  FromWorker,
  ProcessEnd,
  ToWorker,
  WorkerProcesses,
} from '../../ports/workers/worker-processes.js'
import { originsOf } from '../server/addresses.js'
import { logSocketChoice, type Configuration, type LoadedConfiguration } from '../configuration.js'
import { MetricsAggregator } from './metrics-aggregator.js'
import { WorkerHandle } from './worker-handle.js'
import { ConnectionDistributor, type DistributionRules } from './connection-distributor.js'
import { addressesOf, Generations, workerConfiguration, type Generation, type Tickets } from './generations.js'
import { HeartbeatMonitor } from './heartbeat-monitor.js'
import { Reloads } from './reloads.js'
import { SupervisorListeners } from './supervisor-listeners.js'
import { WorkerSlots } from './worker-slots.js'
import type { Runnable, Started } from '../run.js'

/** Intervals and limits of a supervisor, in milliseconds. */
export interface SupervisorTimes {
  /** Interval of the supervisor's checks. */
  readonly checkMs: number
  /** A longer gap between two checks means that the supervisor itself was paused, so it blames no worker for it. */
  readonly stallMs: number
  /** Interval at which workers report their counters; a killed worker loses at most this much. */
  readonly countsMs: number
  /** How long a worker has to answer when another asks for the counters of all. */
  readonly answerMs: number
  /** Grace after the drain timeout for a worker whose supervisor has died. */
  readonly orphanGraceMs: number
  /** When a worker cannot start, the time for the others to end in order before they are killed. */
  readonly giveUpMs: number
}

const SUPERVISOR_TIMES: SupervisorTimes = {
  checkMs: 100,
  stallMs: 1000,
  countsMs: 2000,
  answerMs: 1000,
  orphanGraceMs: 5000,
  giveUpMs: 3000,
}

/** The collaborators of `Supervisor`, and the configuration that it starts with. */
export interface SupervisorParts extends Configuration {
  /** Reads the settings again from their sources. */
  readonly load: () => Promise<LoadedConfiguration>
  readonly credentialSource: CredentialSource
  /** @param lifetimeMs of the tickets */
  readonly newTickets: (lifetimeMs: number) => Tickets
  readonly clock: Clock
  readonly acceptor: Acceptor
  readonly processes: WorkerProcesses
  readonly log: EventLog
  /** Number of cores, for `workers: auto`. */
  readonly cores: number
  /** Whether the logs go to a terminal. */
  readonly coloured: boolean
  readonly times?: Partial<SupervisorTimes>
  readonly distributionRules?: DistributionRules
  readonly restartRules?: RestartRules
}

/**
 * Supervises the worker processes that share a port. It accepts their connections and serves none itself.
 *
 * `SupervisorListeners` binds the addresses, `ConnectionDistributor` gives each connection to a worker, `WorkerSlots`
 * replaces workers, `HeartbeatMonitor` kills those that do not answer, `MetricsAggregator` collects their counts,
 * `Reloads` applies new settings, and `Generations` knows what workers are started from.
 */
export class Supervisor implements Runnable {
  private readonly times: SupervisorTimes
  private readonly listeners: SupervisorListeners
  private readonly distributor: ConnectionDistributor
  private readonly slots: WorkerSlots
  private readonly aggregator: MetricsAggregator
  private readonly generations: Generations
  private readonly reloads: Reloads
  private readonly heartbeats: HeartbeatMonitor
  /** All processes that run, including those that drain or are retired. */
  private readonly workers = new Set<WorkerHandle>()
  private keys = 0
  private trouble: Trouble | null = null

  private checks: Stoppable | null = null
  private countedMs = 0

  private draining: Promise<DrainReport> | null = null
  private readonly reports: DrainReport[] = []

  constructor(private readonly parts: SupervisorParts) {
    const { clock, log, acceptor, distributionRules, restartRules } = parts
    this.times = { ...SUPERVISOR_TIMES, ...parts.times }
    this.distributor = new ConnectionDistributor(clock, distributionRules)
    this.listeners = new SupervisorListeners(acceptor, (listener, connection) =>
      this.distributor.distribute(listener, connection),
    )
    this.aggregator = new MetricsAggregator(clock, () => this.metrics(), this.times.answerMs)
    this.heartbeats = new HeartbeatMonitor(this.workers, this.times.stallMs)
    this.generations = new Generations({
      clock,
      log,
      credentialSource: parts.credentialSource,
      newTickets: parts.newTickets,
      cores: parts.cores,
      listeners: this.listeners,
      renewed: (credentials) => this.sendAll({ kind: 'renewal', credentials }),
    })
    this.slots = new WorkerSlots({
      clock,
      log,
      ...(restartRules && { restartRules }),
      spawn: (number) => this.spawn(number, this.generations.current),
      retire: (worker) => this.retire(worker),
    })
    this.reloads = new Reloads({
      log,
      load: parts.load,
      generations: this.generations,
      listeners: this.listeners,
      slots: this.slots,
      spawn: (number, generation) => this.spawn(number, generation),
    })
  }

  async start(): Promise<Started> {
    const { clock, log } = this.parts
    logSocketChoice(log, this.parts)
    const generation = await this.generations.prepare(this.parts)
    this.generations.use(generation)
    this.checks = clock.every(this.times.checkMs, () => this.check(), true)
    try {
      await this.slots.open(generation.workers)
    } catch (error) {
      await this.giveUp()
      throw error
    }
    const addresses = addressesOf(generation)
    const workers = this.slots.size
    log.info('workers ready', { addresses: originsOf(addresses).map(([, origin]) => origin), workers })
    this.generations.watchCredentials()
    this.reloads.open()
    return { addresses, workers, socket: generation.socket.kind }
  }

  drain(): Promise<DrainReport> {
    return (this.draining ??= this.runDrain())
  }

  force(): void {
    this.slots.close()
    for (const worker of this.workers) worker.kill()
  }

  reload(): void {
    this.reloads.request()
  }

  private metrics(): WorkersMetrics {
    return { ...this.slots.workerCounts, reloads: { ...this.reloads.counts }, renewals: this.generations.renewals }
  }

  private sendAll(message: ToWorker): void {
    for (const worker of this.workers) worker.send(message)
  }

  // One worker process, from its start to its end.

  private spawn(number: number, generation: Generation): WorkerHandle {
    const { drain } = generation.settings
    const worker = new WorkerHandle(++this.keys, number)
    this.workers.add(worker)
    worker.attach(
      this.parts.processes.start(
        { received: (message) => this.received(worker, message), ended: (end) => this.ended(worker, end) },
        drain.noticeMs + drain.timeoutMs + this.times.orphanGraceMs,
      ),
    )
    const state = { trouble: this.trouble, workers: this.metrics(), coloured: this.parts.coloured }
    worker.send({ kind: 'start', configuration: workerConfiguration(generation, number, state) })
    this.parts.log.info('worker started', { worker: number, pid: worker.pid })
    return worker
  }

  private retire(worker: WorkerHandle): void {
    this.distributor.retire(worker)
    worker.markEnding()
    worker.send({ kind: 'retire' })
  }

  private received(worker: WorkerHandle, message: FromWorker): void {
    worker.heartbeat.answered()
    switch (message.kind) {
      case 'ready':
        this.aggregator.add(worker)
        return worker.markReady(this.parts.clock.now())
      case 'failed':
        worker.failure = message.message
        return
      case 'open':
        return this.distributor.add(worker)
      case 'accepted':
        return this.distributor.accepted(worker, message.connection)
      case 'claim':
        return this.distributor.claimRequested(worker, message.connection)
      case 'close':
        return void this.closeConnections(worker)
      case 'alive':
        return this.distributor.caughtUp(worker, message.sentMs)
      case 'counts':
        return this.aggregator.counted(worker, message.query, message.counts)
      case 'group-count':
        return void this.aggregator.answer(worker, message.query, message.own)
      case 'drained':
        worker.report = message.report
        worker.counts = message.counts
        return
    }
  }

  /**
   * Sends a worker no more connections. When all workers drain, the listeners are closed first, so that the connections
   * that the kernel still held are served, too.
   */
  private async closeConnections(worker: WorkerHandle): Promise<void> {
    if (worker.state === 'ready') this.slots.drainBegan(worker)
    worker.markEnding()
    if (this.draining !== null) await this.listeners.closeAll()
    this.distributor.retire(worker)
    worker.send({ kind: 'closed' })
  }

  private ended(worker: WorkerHandle, end: ProcessEnd): void {
    this.workers.delete(worker)
    this.distributor.remove(worker)
    this.aggregator.remove(worker)
    this.slots.ended(worker, end)
    this.report(worker, end)
    worker.markEnded(end)
    this.checkTrouble()
  }

  /** Logs the end of a worker, and adds its report to that of the drain. */
  private report(worker: WorkerHandle, end: ProcessEnd): void {
    const { log } = this.parts
    const { number, pid, report, loss: cause } = worker
    if (report !== null) log.info('worker stopped', { worker: number, pid })
    if (this.draining === null || !worker.wasReady) return
    if (report === null) log.error('worker lost', { worker: number, pid, cause, ...end, phase: 'draining' })
    this.reports.push(report ?? { finished: 0, rejected: 0, cut: { lost: 1 } })
  }

  // Checks at an interval.

  private check(): void {
    const now = this.parts.clock.now()
    this.distributor.sweep()
    this.slots.check()
    this.checkTrouble()
    this.heartbeats.check(now, this.generations.current.settings.workerTimeoutMs)
    if (now - this.countedMs < this.times.countsMs) return
    this.countedMs = now
    this.aggregator.refresh()
  }

  /** Notifies the workers when the group gets into trouble, or out of it. */
  private checkTrouble(): void {
    const trouble = this.slots.isLooping ? 'workers crash' : null
    if (trouble === this.trouble) return
    this.trouble = trouble
    this.sendAll({ kind: 'trouble', trouble })
  }

  // The end.

  private async runDrain(): Promise<DrainReport> {
    const { log } = this.parts
    log.info('workers draining', { workers: this.workers.size })
    this.reloads.close()
    this.reports.push(...this.slots.reports)
    this.slots.close()
    for (const worker of this.workers) this.drainWorker(worker)
    await this.allEnded()
    await this.stop()
    const report = mergeReports(this.reports)
    log.info('workers stopped', { ...report })
    return report
  }

  /** Kills a worker that was never ready: it has no request to finish. */
  private drainWorker(worker: WorkerHandle): void {
    worker.markEnding()
    if (worker.wasReady) worker.send({ kind: 'drain' })
    else worker.kill()
  }

  /** Ends all workers when one of them cannot start. */
  private async giveUp(): Promise<void> {
    this.sendAll({ kind: 'drain' })
    const timer = this.parts.clock.after(this.times.giveUpMs, () => this.force())
    await this.allEnded()
    timer.stop()
    await this.stop()
  }

  private async allEnded(): Promise<void> {
    await Promise.all([...this.workers].map(({ ended }) => ended))
  }

  private async stop(): Promise<void> {
    this.generations.stopWatching()
    await this.listeners.closeAll()
    this.distributor.close()
    this.checks?.stop()
  }
}
