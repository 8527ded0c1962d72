import { deferred, type Deferred } from '../../domain/deferred.js'
import {
  DrainTally,
  drainPhase,
  isOverdue,
  retirementPhase,
  retirementRules,
  type DrainReport,
  type DrainRules,
  type Phase,
} from '../../domain/lifecycle/drain.js'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { Exchange } from '../serving/exchange.js'
import type { ServeConnection } from '../serving/serve-connection.js'
import type { OpenListeners } from './listeners.js'
import type { OpenConnections } from './open-connections.js'

/** The state of a server's life that its drain changes and its connections read. */
export interface LifeState {
  phase: Phase
  /** When the drain closed the listeners, on the monotonic clock; `null` while they are open. */
  drainingSinceMs: number | null
  /** Whether a worker of a newer generation has replaced this one. */
  isRetired: boolean
}

export interface DrainParts {
  readonly settings: Settings['drain']
  readonly clock: Clock
  readonly log: EventLog
  readonly life: LifeState
  readonly listeners: Pick<OpenListeners, 'close' | 'giveUpAll'>
  readonly connections: Pick<OpenConnections, 'size' | 'all'>
  /** Stops everything that served the requests. Called when the last connection has ended. */
  readonly stop: () => Promise<void>
}

/**
 * The end of a server's life: notice, then finish the requests that began before and reject new ones, then cut off the rest.
 *
 * A poll advances the phase. The server closes its listeners with the end of the notice, or, when it retires, at once.
 */
export class Drain {
  private running: Promise<DrainReport> | null = null
  private startedMs = 0
  private tally: DrainTally | null = null
  private drained: Deferred<void> | null = null
  private polls: Stoppable | null = null
  private closing: Promise<void> | null = null
  private haveListenersClosed = false
  /** Connections that were idle at the last poll. */
  private idleBefore: ReadonlySet<ServeConnection> = new Set()

  constructor(private readonly parts: DrainParts) {}

  /** Drains. While the server retires, the drain starts now; a drain that is running continues. */
  drain(): Promise<DrainReport> {
    const { clock, life } = this.parts
    if (life.isRetired) this.startedMs = clock.now()
    life.isRetired = false
    return (this.running ??= this.run())
  }

  /** Drains with a notice as long as a drain may take: requests on open connections are still served. */
  retire(): Promise<DrainReport> {
    this.parts.life.isRetired ||= this.running === null
    return (this.running ??= this.run())
  }

  /** Cuts off every request now; a running drain ends at once. */
  force(): void {
    for (const connection of this.parts.connections.all) this.cutOff(connection)
    this.parts.listeners.giveUpAll()
    this.drained?.resolve()
  }

  /** Counts an exchange that ended during the drain. */
  exchangeEnded(exchange: Exchange): void {
    this.tally?.note(exchange)
  }

  private async run(): Promise<DrainReport> {
    const { clock, settings, log, life, connections } = this.parts
    this.tally = new DrainTally()
    log.info(life.isRetired ? 'server retiring' : 'server draining', { connections: connections.size })
    this.startedMs = clock.now()
    this.drained = deferred()
    // This timer keeps the process alive: when all connections are idle, nothing else does.
    this.polls = clock.every(settings.pollIntervalMs, () => this.poll(), true)
    this.poll()
    await this.drained.promise
    await this.closing
    await this.parts.stop()
    this.polls.stop()
    life.phase = 'stopped'
    const report = this.tally.report()
    log.info('server stopped', { ...report })
    return report
  }

  private poll(): void {
    const { clock, settings, life } = this.parts
    const elapsedMs = clock.now() - this.startedMs
    const rules = life.isRetired ? retirementRules(settings) : settings
    life.phase = this.phaseAfter(elapsedMs, rules)
    if (life.isRetired) this.closeListeners()
    if (life.phase === 'notice') return
    this.endIdleConnections()
    if (life.drainingSinceMs === null) {
      life.drainingSinceMs = clock.now()
      this.closeListeners()
    } else if (isOverdue(elapsedMs, rules)) this.force()
    else if (life.phase === 'stopped') this.drained?.resolve()
  }

  private phaseAfter(elapsedMs: number, rules: DrainRules): Phase {
    const { connections, life } = this.parts
    // While the listeners close, a connection that they were accepting may still arrive.
    const open = this.haveListenersClosed ? connections.size : connections.size + 1
    return life.isRetired ? retirementPhase(elapsedMs, open, rules) : drainPhase(elapsedMs, open, rules)
  }

  private closeListeners(): void {
    this.closing ??= this.parts.listeners.close().then(() => void (this.haveListenersClosed = true))
  }

  /** Closes the connections that are idle at two polls in a row: at the first, a request may lie in the kernel's buffer. */
  private endIdleConnections(): void {
    const idle = this.parts.connections.all.filter(({ isIdle }) => isIdle)
    for (const connection of idle) if (this.idleBefore.has(connection)) connection.endAfterSending()
    this.idleBefore = new Set(idle)
  }

  private cutOff(connection: ServeConnection): void {
    if (connection.awaitsHead) this.tally?.noteCut('incomplete')
    connection.abort('cut')
  }
}
