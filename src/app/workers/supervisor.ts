import { mergeReports, type DrainReport } from '../../domain/lifecycle/drain.js'
import type { Trouble } from '../../domain/lifecycle/readiness.js'
import { workerCount, heartbeatIntervalMs, silenceLimitMs, shareOf } from '../../domain/workers/supervision.js'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { EventLog, Facts } from '../../ports/operations/event-log.js'
import type { WorkersMetrics } from '../../ports/operations/metrics.js'
import type { Credentials, CredentialSource, TicketSeed } from '../../ports/operations/credentials.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { Address, Addresses, ListenerName, Listening } from '../../ports/serving/transport.js'
import type {
  Acceptor,
  FromWorker,
  ProcessEnd,
  TlsMaterial,
  WorkerConfiguration,
  WorkerProcesses,
} from '../../ports/workers/worker-processes.js'
import { LISTENER_NAMES, originsOf, perListener, wantedAddresses } from '../server/addresses.js'
import { logSocketChoice, type Configuration, type LoadedConfiguration } from '../configuration.js'
import { messageOf } from '../message-of.js'
import { CertificateRenewal } from '../server/certificate-renewal.js'
import { MetricsAggregator } from './metrics-aggregator.js'
import { WorkerHandle } from './worker-handle.js'
import { ConnectionDistributor } from './connection-distributor.js'
import { WorkerSlots } from './worker-slots.js'
import type { Runnable, Started } from '../run.js'

/** How often it is looked whether something is due; a much longer gap tells that we ourselves stood still for long. */
const TICK_MS = 100
const STANDSTILL_MS = 1000

/** How often workers are asked what they have counted: no more is lost with one that is killed. */
const COUNTS_MS = 2000

/** How much longer than its drain a worker may live that has lost us. */
const ORPHANED_MS = 5000

/** How long workers may take to end in order when one of them could not start. */
const GIVE_UP_MS = 3000

/** What session tickets are encrypted by, as it is now. */
export interface Tickets {
  readonly seed: TicketSeed
}

/** What a supervisor is made of. */
export interface SupervisorParts extends Configuration {
  /** Reads the settings anew, from where they came from. */
  readonly load: () => Promise<LoadedConfiguration>
  readonly credentialSource: CredentialSource
  /** @param lifetimeMs of tickets */
  readonly newTickets: (lifetimeMs: number) => Tickets
  readonly clock: Clock
  readonly door: Acceptor
  readonly processes: WorkerProcesses
  readonly log: EventLog
  /** For `workers: auto`. */
  readonly cores: number
  /** Whether the logs end at a terminal. */
  readonly coloured: boolean
}

/** A place where it listens: as it was asked for, and what came of it. */
interface BoundListener {
  readonly wanted: Address
  readonly listening: Listening
}

type BoundListeners = Readonly<Record<ListenerName, BoundListener | null>>

/** What workers are started by. */
interface Generation extends Configuration {
  readonly entrances: BoundListeners
  /** `null` without HTTPS. */
  readonly tickets: Tickets | null
}

/** The supervisor of worker processes that share a port: it listens for them, and serves nothing itself. */
export class Supervisor implements Runnable {
  private plan: Generation | null = null
  private readonly doors = new Set<Listening>()
  private readonly reception: ConnectionDistributor
  private readonly slots: WorkerSlots
  private readonly aggregator: MetricsAggregator
  private readonly renewal: CertificateRenewal
  /** All processes that are there, those that are leaving among them. */
  private readonly members = new Set<WorkerHandle>()
  private keys = 0
  private readonly reloads = { done: 0, refused: 0 }
  private trouble: Trouble | null = null

  private ticking: Stoppable | null = null
  private tickedMs = 0
  private askedMs = 0
  private countedMs = 0

  private isRunning = false
  private reloading = false
  private reloadAgain = false
  private draining: Promise<DrainReport> | null = null
  private closing: Promise<unknown> | null = null
  private readonly reports: DrainReport[] = []

  constructor(private readonly parts: SupervisorParts) {
    const { clock, log, credentialSource: source } = parts
    this.renewal = new CertificateRenewal({ source, clock, log, use: (credentials) => this.renew(credentials) })
    this.reception = new ConnectionDistributor(clock)
    this.aggregator = new MetricsAggregator(clock, () => this.workers())
    const spawn = (worker: number): WorkerHandle => this.spawn(worker, this.plan!)
    this.slots = new WorkerSlots({ clock, log, spawn, retire: (member) => this.retire(member) })
  }

  async start(): Promise<Started> {
    const { clock, log } = this.parts
    logSocketChoice(log, this.parts)
    this.plan = await this.planBy(this.parts, null)
    const { settings } = this.plan
    this.tickedMs = clock.now()
    this.ticking = clock.every(TICK_MS, () => this.tick(), true)
    try {
      await this.slots.open(this.sizeBy(settings))
    } catch (error) {
      await this.giveUp()
      throw error
    }
    const addresses = addressesOf(this.plan)
    const workers = this.slots.size
    log.info('workers ready', { addresses: originsOf(addresses).map(([, origin]) => origin), workers })
    this.watchCredentials(this.plan)
    this.isRunning = true
    if (this.reloadAgain) this.reload()
    return { addresses, workers, socket: this.plan.socket.kind }
  }

  drain(): Promise<DrainReport> {
    return (this.draining ??= this.runDrain())
  }

  force(): void {
    this.slots.close()
    for (const member of this.members) member.kill()
  }

  reload(): void {
    this.reloadAgain = true
    if (this.isRunning && !this.reloading) void this.runReloads()
  }

  /**
   * @param before what is served by now: its doors stay where they are wanted still, and so do its tickets
   * @throws {ListenError} when an address cannot be had: no new door is left open then
   */
  private async planBy(configuration: Configuration, before: Generation | null): Promise<Generation> {
    const { settings, credentials, socket } = configuration
    const wanted = wantedAddresses(settings)
    const entrances: Record<ListenerName, BoundListener | null> = { http: null, https: null, admin: null }
    try {
      for (const entry of LISTENER_NAMES) entrances[entry] = await this.entranceFor(entry, wanted[entry], before)
    } catch (error) {
      await this.closeOthers(entrances, before?.entrances ?? null)
      throw error
    }
    return { settings, credentials, socket, entrances, tickets: this.ticketsFor(settings, before) }
  }

  private async entranceFor(
    entry: ListenerName,
    wanted: Address | null,
    before: Generation | null,
  ): Promise<BoundListener | null> {
    if (wanted === null) return null
    const there = before?.entrances[entry] ?? null
    if (there !== null && there.wanted.host === wanted.host && there.wanted.port === wanted.port) return there
    const listening = await this.parts.door.listen(wanted, (connection) => this.reception.distribute(entry, connection))
    this.doors.add(listening)
    return { wanted, listening }
  }

  private ticketsFor({ tls }: Settings, before: Generation | null): Tickets | null {
    if (!tls.enabled) return null
    const isAsBefore = before?.settings.tls.ticketLifetimeMs === tls.ticketLifetimeMs
    return (isAsBefore ? before.tickets : null) ?? this.parts.newTickets(tls.ticketLifetimeMs)
  }

  /** Closes the doors of a plan that another one has not. */
  private async closeOthers(of: BoundListeners, than: BoundListeners | null): Promise<void> {
    for (const entry of LISTENER_NAMES) {
      const there = of[entry]
      if (there !== null && there !== than?.[entry]) await this.closeDoor(there.listening)
    }
  }

  private async closeDoor(listening: Listening): Promise<void> {
    await listening.close()
    this.doors.delete(listening)
  }

  private closeDoors(): Promise<unknown> {
    return (this.closing ??= Promise.all([...this.doors].map((door) => this.closeDoor(door))))
  }

  private sizeBy({ workers }: Settings): number {
    return workerCount(workers, this.parts.cores)
  }

  private workers(): WorkersMetrics {
    return { ...this.slots.workers, reloads: { ...this.reloads }, renewals: { ...this.renewal.counts } }
  }

  // A worker's process, from its start to its end.

  private spawn(worker: number, plan: Generation): WorkerHandle {
    const { drain } = plan.settings
    const member = new WorkerHandle(++this.keys, worker)
    this.members.add(member)
    member.runs(
      this.parts.processes.start(
        { received: (message) => this.told(member, message), ended: (end) => this.ended(member, end) },
        drain.noticeMs + drain.timeoutMs + ORPHANED_MS,
      ),
    )
    member.send({ kind: 'start', configuration: this.configuration(worker, plan) })
    this.parts.log.info('worker started', { worker, pid: member.pid })
    return member
  }

  private configuration(worker: number, plan: Generation): WorkerConfiguration {
    const { settings } = plan
    const maxConnections = shareOf(settings.maxConnections, this.sizeBy(settings))
    // It gets keys that are open.
    const tls = { ...settings.tls, passphrase: '' }
    const { coloured } = this.parts
    return {
      worker,
      settings: { ...settings, maxConnections, tls },
      addresses: addressesOf(plan),
      secured: securedBy(plan),
      socket: plan.socket,
      trouble: this.trouble,
      workers: this.workers(),
      coloured,
    }
  }

  private retire(member: WorkerHandle): void {
    this.reception.retired(member)
    member.leaves()
    member.send({ kind: 'retire' })
  }

  private told(member: WorkerHandle, message: FromWorker): void {
    member.heartbeat.heard()
    switch (message.kind) {
      case 'ready':
        this.aggregator.joined(member)
        return member.hasStarted(this.parts.clock.now())
      case 'failed':
        member.failure = message.message
        return
      case 'open':
        return this.reception.joined(member)
      case 'taken':
        return this.reception.taken(member, message.connection)
      case 'wanted':
        return this.reception.wanted(member, message.connection)
      case 'shut':
        return void this.shut(member)
      case 'alive':
        return this.reception.looked(member, message.askedMs)
      case 'counted':
        return this.aggregator.counted(member, message.query, message.counts)
      case 'counts':
        return void this.aggregator.answer(member, message.query, message.own)
      case 'done':
        member.report = message.report
        member.counts = message.counts
        return
    }
  }

  /** A worker wants no more. When all drain, our door is closed first: what the kernel still held is served, too. */
  private async shut(member: WorkerHandle): Promise<void> {
    if (member.state === 'ready') this.slots.leaving(member)
    member.leaves()
    if (this.draining !== null) await this.closeDoors()
    this.reception.retired(member)
    member.send({ kind: 'shut' })
  }

  private ended(member: WorkerHandle, end: ProcessEnd): void {
    this.members.delete(member)
    this.reception.died(member)
    this.aggregator.died(member)
    this.slots.ended(member, end)
    this.note(member, end)
    member.hasEnded(end)
    this.judge()
  }

  /** What a worker's end comes to, beside that its place is to be filled again. */
  private note(member: WorkerHandle, end: ProcessEnd): void {
    const { number: worker, pid, report } = member
    if (report !== null) this.parts.log.info('worker ended', { worker, pid })
    if (this.draining === null || !member.hasServed) return
    if (report === null) this.parts.log.error('worker lost in the drain', { worker, pid, cause: member.loss, ...end })
    this.reports.push(report ?? { finished: 0, rejected: 0, cut: { lost: 1 } })
  }

  // What is due from time to time.

  private tick(): void {
    const now = this.parts.clock.now()
    if (now - this.tickedMs > STANDSTILL_MS) for (const { heartbeat } of this.members) heartbeat.excuse(now)
    this.tickedMs = now
    this.reception.sweep()
    this.slots.watch()
    this.judge()
    const { workerTimeoutMs } = this.plan!.settings
    this.killSilent(now, workerTimeoutMs)
    if (now - this.askedMs >= heartbeatIntervalMs(workerTimeoutMs)) this.askWhetherAlive(now)
    if (now - this.countedMs < COUNTS_MS) return
    this.countedMs = now
    this.aggregator.refresh()
  }

  private killSilent(now: number, workerTimeoutMs: number): void {
    for (const member of this.members) {
      const patience = silenceLimitMs(member.state === 'starting', workerTimeoutMs)
      if (member.heartbeat.look(now, patience)) member.killSilent()
    }
  }

  private askWhetherAlive(now: number): void {
    this.askedMs = now
    for (const member of this.members) {
      member.heartbeat.asked(now)
      member.send({ kind: 'heartbeat', askedMs: now })
    }
  }

  /** Tells the workers when the crew has come into trouble, or out of it. */
  private judge(): void {
    const trouble = this.slots.isLooping ? 'workers crash' : null
    if (trouble === this.trouble) return
    this.trouble = trouble
    for (const member of this.members) member.send({ kind: 'trouble', trouble })
  }

  // New settings.

  private async runReloads(): Promise<void> {
    this.reloading = true
    while (this.reloadAgain && this.draining === null) {
      this.reloadAgain = false
      await this.runReload()
    }
    this.reloading = false
  }

  private async runReload(): Promise<void> {
    try {
      const loaded = await this.parts.load()
      if ('problems' in loaded) {
        this.refuse({ problems: loaded.problems })
        return
      }
      await this.takeUp(loaded)
      this.reloads.done++
      this.parts.log.info('reloaded', { workers: this.slots.size })
    } catch (error) {
      this.refuse({ reason: messageOf(error) })
    }
  }

  private refuse(facts: Facts): void {
    // What a drain cut short was not refused.
    if (this.draining !== null) return
    this.reloads.refused++
    this.parts.log.error('reload refused', facts)
  }

  /** @throws {Error} when the new settings cannot be served by: nothing has changed then */
  private async takeUp(configuration: Configuration): Promise<void> {
    const before = this.plan!
    const plan = await this.planBy(configuration, before)
    this.renewal.stop()
    try {
      await this.slots.replaceFirst((worker) => this.spawn(worker, plan))
    } catch (error) {
      await this.closeOthers(plan.entrances, before.entrances)
      this.watchCredentials(before)
      throw error
    }
    this.plan = plan
    await this.slots.replaceOthers(this.sizeBy(plan.settings))
    await this.closeOthers(before.entrances, plan.entrances)
    this.watchCredentials(plan)
  }

  private watchCredentials({ settings, credentials }: Generation): void {
    if (credentials !== null) this.renewal.begin(settings.tls, credentials)
  }

  /** Certificates have changed on the disk. */
  private renew(credentials: Credentials): void {
    this.plan = { ...this.plan!, credentials }
    for (const member of this.members) member.send({ kind: 'renewal', credentials })
  }

  // The end.

  private async runDrain(): Promise<DrainReport> {
    const { log } = this.parts
    log.info('workers draining', { workers: this.members.size })
    this.reports.push(...this.slots.reports)
    this.slots.close()
    for (const member of this.members) this.drainMember(member)
    await this.allEnded()
    await this.stop()
    const report = mergeReports(this.reports)
    log.info('workers stopped', { ...report })
    return report
  }

  /** One that has served nobody has nothing to finish. */
  private drainMember(member: WorkerHandle): void {
    member.leaves()
    if (member.hasServed) member.send({ kind: 'drain' })
    else member.kill()
  }

  /** A start that failed leaves nothing behind. */
  private async giveUp(): Promise<void> {
    for (const member of this.members) member.send({ kind: 'drain' })
    const late = this.parts.clock.after(GIVE_UP_MS, () => this.force())
    await this.allEnded()
    late.stop()
    await this.stop()
  }

  private async allEnded(): Promise<void> {
    await Promise.all([...this.members].map(({ ended }) => ended))
  }

  private async stop(): Promise<void> {
    this.renewal.stop()
    await this.closeDoors()
    this.reception.close()
    this.ticking?.stop()
  }
}

function addressesOf({ entrances }: Generation): Addresses {
  return perListener((listener) => entrances[listener]?.listening.address ?? null)
}

function securedBy({ credentials, tickets }: Generation): TlsMaterial | null {
  return credentials === null || tickets === null ? null : { credentials, tickets: tickets.seed }
}
