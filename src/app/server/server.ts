import type { ConnectionRules } from '../../domain/connection/connection-rules.js'
import type { DeadlineRules } from '../../domain/connection/deadlines.js'
import { HeadReaders } from '../../domain/framing/head-readers.js'
import { PersistenceLines } from '../../domain/connection/persistence-lines.js'
import type { ProtocolError } from '../../domain/message/protocol-error.js'
import type { FieldLine } from '../../domain/message/response-fields.js'
import { plainOnTls } from '../../domain/tls/wrong-scheme.js'
import { RouteTable, UNMATCHED } from '../../domain/routing/route-table.js'
import { clientRefused } from '../../domain/tls/client-refusal.js'
import { admitsConnection } from '../../domain/lifecycle/admission.js'
import { unreadyReason } from '../../domain/lifecycle/readiness.js'
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
import type { AccessLog } from '../../ports/serving/access-log.js'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { WorkerGroup } from '../../ports/workers/worker-group.js'
import type { Engine } from '../../ports/serving/engine.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Files } from '../../ports/serving/files.js'
import type { Metrics, MetricsSources, ServiceMetrics } from '../../ports/operations/metrics.js'
import type { SharedContext } from '../../ports/plugins/plugin.js'
import type { PluginRoute, Plugins, PluginSource } from '../../ports/plugins/plugin-source.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { Tracing, TracingSource } from '../../ports/serving/tracing.js'
import type {
  Address,
  Addresses,
  ListenerName,
  Listener,
  Listening,
  SecureListener,
  Security,
  Transport,
} from '../../ports/serving/transport.js'
import { guarded } from './admin-guard.js'
import { LISTENER_NAMES, schemeOf, wantedAddresses } from './addresses.js'
import { Dispatch } from '../serving/dispatch.js'
import type { Exchange } from '../serving/exchange.js'
import type { FileResponder } from '../files/file-response.js'
import { GuardedTracing } from '../serving/guarded-tracing.js'
import { HeadPreamble } from '../serving/head-preamble.js'
import { Identifiers } from '../serving/identifiers.js'
import { RedirectDispatch } from '../serving/redirect-dispatch.js'
import { ServeConnection } from '../serving/serve-connection.js'
import type { ServerLife, Service } from './service.js'

/** How long a peer may take to close its side once we have closed ours. */
const LINGER_MS = 5000

/** Connections that are told there is no room; beyond so many at once they are reset without a word. */
const MAX_TURNED_AWAY = 1000

/** How long plugins may take to stop. */
const PLUGIN_STOP_MS = 5000

/** Connections at the admin listener, which has room when all others are full. */
const MAX_ADMIN_CONNECTIONS = 100

/** A way in that is open. */
interface Open {
  readonly entry: ListenerName
  readonly listening: Listening
}

/** What a server is made of. */
export interface ServerParts {
  readonly settings: Settings
  readonly clock: Clock
  readonly listener: Listener
  /** `null` without HTTPS. */
  readonly secureListener: SecureListener | null
  /** `null` where there is none of its own. */
  readonly adminListener: Listener | null
  readonly engine: Engine
  readonly plugins: PluginSource
  readonly files: Files
  readonly fileResponder: FileResponder
  readonly metrics: Metrics
  readonly serviceMetrics: ServiceMetrics
  readonly group: WorkerGroup
  readonly accessLog: AccessLog
  readonly log: EventLog
  readonly tracing: TracingSource
}

/** The server's life: from its start to the end of its drain. */
export class Server implements ServerLife {
  phase: Phase = 'starting'
  drainingSinceMs: number | null = null

  private readonly connections = new Set<ServeConnection>()
  /** Those of them that came by the admin listener. */
  private readonly adminConnections = new Set<ServeConnection>()
  private readonly turnedAway = new Set<ServeConnection>()
  private readonly identifiers = new Identifiers()
  private connectionCount = 0
  private plugins: Plugins | null = null
  private tracing: Tracing | null = null
  private open: readonly Open[] = []
  private sweeping: Stoppable | null = null
  private closing: Promise<void> | undefined
  private hasClosed = false
  private draining: Promise<DrainReport> | null = null
  private drainStartedMs = 0
  private isRetired = false
  private tally: DrainTally | null = null
  private finishDrain: (() => void) | null = null
  private drainPolls: Stoppable | null = null
  /** Connections that were idle at the last poll of the drain. */
  private idleBefore: ReadonlySet<ServeConnection> = new Set()

  constructor(private readonly parts: ServerParts) {}

  /**
   * Loads and starts the plugins, then listens.
   *
   * @returns where it listens
   * @throws what the plugins or the listener throw; nothing is left running then
   */
  async start(): Promise<Addresses> {
    const { settings, clock, plugins } = this.parts
    this.plugins = await plugins.load(settings)
    const context = this.pluginContext()
    const routes = await this.plugins.start(context)
    try {
      // By now a plugin may have seen to it that there is some.
      this.tracing = await this.loadTracing()
      this.open = await this.listen(routes, context)
    } catch (error) {
      await this.stopPlugins()
      throw error
    }
    this.sweeping = clock.every(settings.idleSweepIntervalMs, () => this.sweep())
    this.phase = 'running'
    this.tellStart(routes.length)
    return this.addresses
  }

  private async loadTracing(): Promise<Tracing | null> {
    const tracing = await this.parts.tracing.load()
    return tracing && new GuardedTracing(tracing, this.parts.log)
  }

  private get addresses(): Addresses {
    const of = (entry: ListenerName): Address | null =>
      this.open.find((each) => each.entry === entry)?.listening.address ?? null
    return { http: of('http'), https: of('https'), admin: of('admin') }
  }

  private async listen(routes: readonly PluginRoute[], context: SharedContext): Promise<Open[]> {
    const { engine } = this.parts
    const tables = this.tables(routes)
    this.beginMetrics([UNMATCHED, ...tables.all.names, ...tables.admin.names])
    await engine.start(routes, context)
    try {
      return await this.listenAll(tables)
    } catch (error) {
      await engine.stop()
      throw error
    }
  }

  private tables(routes: readonly PluginRoute[]): Tables {
    const { listener, token } = this.parts.settings.admin
    const answering = guarded(routes, token)
    const others = answering.filter(({ admin }) => !admin)
    const all = tableOf(listener === 'same' ? answering : others)
    const apart = listener === 'separate' ? answering.filter(({ admin }) => admin) : []
    return { all, admin: tableOf(apart, all.names.length + 1) }
  }

  /** HTTPS first: the plain port may lead to it. */
  private async listenAll({ all, admin }: Tables): Promise<Open[]> {
    const { settings, listener, secureListener, adminListener } = this.parts
    const wanted = wantedAddresses(settings)
    const [dispatch, apart] = [this.dispatch(all), this.dispatch(admin)]
    const open: Open[] = []
    try {
      if (wanted.https !== null)
        open.push(await this.listenAt('https', secureListener!, wanted.https, this.service('https', all, dispatch)))
      const plain = this.plainDispatch(dispatch, open[0]?.listening.address.port ?? 0)
      if (wanted.http !== null)
        open.push(await this.listenAt('http', listener, wanted.http, this.service('http', all, plain)))
      if (wanted.admin !== null)
        open.push(await this.listenAt('admin', adminListener!, wanted.admin, this.service('admin', admin, apart)))
      return LISTENER_NAMES.flatMap((entry) => open.filter((each) => each.entry === entry))
    } catch (error) {
      await Promise.all(open.map(({ listening }) => listening.close()))
      throw error
    }
  }

  private async listenAt(entry: ListenerName, listener: Listener, at: Address, service: Service): Promise<Open> {
    return { entry, listening: await listener.listen(at, (transport) => this.accept(entry, service, transport)) }
  }

  private plainDispatch(dispatch: Dispatch, httpsPort: number): Service['dispatch'] {
    const { redirectHttp, redirectHost, acmeDirectory } = this.parts.settings.tls
    if (!redirectHttp) return dispatch
    const host = redirectHost.includes(':') ? `[${redirectHost}]` : redirectHost
    return new RedirectDispatch(dispatch, { host, port: httpsPort }, acmeDirectory !== null)
  }

  private tellStart(routes: number): void {
    const { log, engine, listener, secureListener } = this.parts
    for (const { name, file } of this.plugins?.replaced ?? [])
      log.info('shipped plugin replaced', { plugin: name, file })
    for (const { entry, listening } of this.open) {
      const { name: socket } = entry === 'https' ? secureListener! : listener
      const facts = entry === 'admin' ? { admin: true } : {}
      log.info('server listening', {
        scheme: schemeOf(entry),
        ...facts,
        ...listening.address,
        engine: engine.name,
        socket,
        routes,
      })
    }
  }

  /** The routes that the server would have; its plugins are started for that, and stopped again. */
  async routes(): Promise<readonly PluginRoute[]> {
    this.plugins = await this.parts.plugins.load(this.parts.settings)
    const routes = await this.plugins.start(this.pluginContext())
    await this.stopPlugins()
    return routes
  }

  /**
   * Drains: notice, then finish what was begun and turn away what begins, then cut what is left. Called again, it
   * answers with the drain under way.
   */
  drain(): Promise<DrainReport> {
    if (this.isRetired) this.drainStartedMs = this.parts.clock.now()
    this.isRetired = false
    return (this.draining ??= this.runDrain())
  }

  /**
   * Drains for the reason that another worker process has taken the place of this one: it takes no new connection, but
   * serves those that it has until they have come to their end, and turns nobody away.
   */
  retire(): Promise<DrainReport> {
    this.isRetired ||= this.draining === null
    return (this.draining ??= this.runDrain())
  }

  /** Cuts everything now. The drain under way ends at once. */
  force(): void {
    for (const connection of [...this.connections]) this.cut(connection)
    for (const { listening } of this.open) listening.cut()
    this.finishDrain?.()
  }

  private async runDrain(): Promise<DrainReport> {
    const { clock, settings, log } = this.parts
    const tally = new DrainTally()
    this.tally = tally
    log.info(this.isRetired ? 'server retired' : 'server draining', { connections: this.connections.size })
    this.drainStartedMs = clock.now()
    await new Promise<void>((resolve) => {
      this.finishDrain = resolve
      this.drainPolls = clock.every(settings.drain.pollIntervalMs, () => this.pollDrain(), true)
      this.pollDrain()
    })
    await this.shutDown()
    const report = tally.report()
    log.info('server stopped', { ...report })
    return report
  }

  private pollDrain(): void {
    const { clock, settings } = this.parts
    const elapsedMs = clock.now() - this.drainStartedMs
    const rules = this.isRetired ? retirementRules(settings.drain) : settings.drain
    this.phase = this.phaseOf(elapsedMs, rules)
    if (this.isRetired) this.closeListener()
    if (this.phase === 'notice') return
    this.leaveIdle()
    if (this.drainingSinceMs === null) {
      this.drainingSinceMs = clock.now()
      this.closeListener()
      return
    }
    if (isOverdue(elapsedMs, rules)) this.force()
    else if (this.phase === 'stopped') this.finishDrain?.()
  }

  private phaseOf(elapsedMs: number, rules: DrainRules): Phase {
    // While the listener is closing, one may still be on its way.
    const open = this.hasClosed ? this.connections.size : this.connections.size + 1
    return this.isRetired ? retirementPhase(elapsedMs, open, rules) : drainPhase(elapsedMs, open, rules)
  }

  private closeListener(): void {
    this.closing ??= Promise.all(this.open.map(({ listening }) => listening.close())).then(
      () => void (this.hasClosed = true),
    )
  }

  /** Closes those that are idle for the second poll, so that a request which lay in the kernel's buffer is met. */
  private leaveIdle(): void {
    const idle = [...this.connections].filter(({ isIdle }) => isIdle)
    for (const connection of idle) if (this.idleBefore.has(connection)) connection.leave()
    this.idleBefore = new Set(idle)
  }

  private cut(connection: ServeConnection): void {
    if (connection.awaitsHead) this.tally?.noteCut('incomplete')
    connection.cut('cut')
  }

  private async shutDown(): Promise<void> {
    await this.closing
    await this.stopPlugins()
    await this.parts.engine.stop()
    // Until here it has kept the process alive: nothing else may be left that would.
    this.drainPolls?.stop()
    this.phase = 'stopped'
    this.stopSweeping()
  }

  /** Peers that were turned away may still be about to read why. */
  private stopSweeping(): void {
    if (this.phase === 'stopped' && this.turnedAway.size === 0) this.sweeping?.stop()
  }

  private accept(entry: ListenerName, service: Service, transport: Transport): void {
    const { metrics, settings } = this.parts
    const connection = new ServeConnection(service, transport, ++this.connectionCount, this.connectionEnded)
    const [open, most] =
      entry === 'admin'
        ? [this.adminConnections.size, MAX_ADMIN_CONNECTIONS]
        : [this.publicConnections, settings.maxConnections]
    if (admitsConnection(open, most)) {
      metrics.connectionAccepted()
      this.connections.add(connection)
      if (entry === 'admin') this.adminConnections.add(connection)
      const wrong = entry === 'https' ? wrongPeer(transport.security) : null
      if (wrong !== null) connection.refuse(wrong)
      return
    }
    metrics.connectionRejected()
    if (this.turnedAway.size >= MAX_TURNED_AWAY) return connection.cut('rejected')
    this.turnedAway.add(connection)
    connection.turnAway()
  }

  private get publicConnections(): number {
    return this.connections.size - this.adminConnections.size
  }

  private readonly connectionEnded = (connection: ServeConnection): void => {
    this.adminConnections.delete(connection)
    if (this.connections.delete(connection)) this.parts.metrics.connectionClosed()
    else this.turnedAway.delete(connection)
    this.stopSweeping()
  }

  private sweep(): void {
    const now = this.parts.clock.now()
    for (const connection of this.connections) connection.sweep(now)
    for (const connection of this.turnedAway) connection.sweep(now)
  }

  private beginMetrics(routes: readonly string[]): void {
    const { metrics, engine, listener, accessLog } = this.parts
    metrics.begin(routes, {
      engine: engine.name,
      socket: listener.name,
      phase: () => this.phase,
      queue: () => engine.queue,
      threads: () => engine.threads,
      tls: () => this.tlsNow(),
      accessLogDropped: () => accessLog.dropped,
    })
  }

  private tlsNow(): ReturnType<MetricsSources['tls']> {
    const { secureListener, clock } = this.parts
    if (secureListener === null) return null
    const certificates = secureListener.credentials.certificates.map(({ label, expiresMs }) => {
      return { certificate: label, expiresInSeconds: Math.floor((expiresMs - clock.wall()) / 1000) }
    })
    return { inFlight: secureListener.handshakes, certificates }
  }

  private pluginContext(): SharedContext {
    const { files, serviceMetrics: metrics, log } = this.parts
    return { log, files, metrics, phase: () => this.phase, unready: () => this.unready(), thread: 0 }
  }

  private unready(): string | null {
    const { engine, group } = this.parts
    const troubles = [engine.trouble, group.trouble].filter((trouble) => trouble !== null)
    return unreadyReason({ phase: this.phase, isRetired: this.isRetired, troubles })
  }

  private async stopPlugins(): Promise<void> {
    const { clock, log } = this.parts
    let timer: Stoppable | null = null
    const late = new Promise<never>((_, reject) => {
      timer = clock.after(PLUGIN_STOP_MS, () => reject(new Error('Cannot wait any longer for plugins to stop')))
    })
    try {
      await Promise.race([this.plugins?.stop(), late])
    } catch (error) {
      log.error('plugins failed to stop', { error })
    } finally {
      timer!.stop()
    }
  }

  private dispatch(table: RouteTable<PluginRoute>): Dispatch {
    const { metrics, log, engine, fileResponder } = this.parts
    return new Dispatch(table, engine, fileResponder, metrics, log)
  }

  private service(entry: ListenerName, table: RouteTable<PluginRoute>, dispatch: Service['dispatch']): Service {
    const { settings, clock, metrics, accessLog, log } = this.parts
    const rules = connectionRules(settings, table, entry === 'https')
    return {
      rules,
      persistence: new PersistenceLines(rules),
      readers: new HeadReaders(rules),
      deadlines: deadlineRules(settings),
      clock,
      metrics,
      accessLog,
      log,
      tracing: this.tracing,
      preamble: new HeadPreamble(clock, constantFields(settings, entry)),
      identifiers: this.identifiers,
      dispatch,
      life: this,
      exchangeEnded: (exchange: Exchange) => this.tally?.note(exchange),
    }
  }
}

/** What answers where. */
interface Tables {
  readonly all: RouteTable<PluginRoute>
  /** On the listener of its own. */
  readonly admin: RouteTable<PluginRoute>
}

/** @param first index of its first route */
function tableOf(routes: readonly PluginRoute[], first = 1): RouteTable<PluginRoute> {
  const entries = routes.map((route) => ({ method: route.method, pattern: route.pattern, value: route }))
  return new RouteTable(entries, first)
}

/** What a peer does wrong that has come in by HTTPS, before it has asked for anything; null for nothing. */
function wrongPeer(security: Security | null): ProtocolError | null {
  if (security === null) return plainOnTls()
  return security.clientProblem === null ? null : clientRefused(security.clientProblem)
}

/** `Strict-Transport-Security` must not be sent over plain HTTP (RFC 6797 §7.2). */
function constantFields({ serverName, tls }: Settings, entry: ListenerName): FieldLine[] {
  const server: FieldLine = ['Server', serverName]
  return entry === 'https' ? [server, ['Strict-Transport-Security', tls.hsts]] : [server]
}

function connectionRules(settings: Settings, table: RouteTable<PluginRoute>, secure: boolean): ConnectionRules {
  const { limits } = settings
  return {
    limits: {
      headOctets: limits.headerBytes,
      fields: limits.fields,
      targetLength: limits.targetLength,
      contentOctets: limits.bodyBytes,
      requestOctets: limits.requestBytes,
    },
    methods: table.methods,
    secure,
    expectContinue: settings.expectContinue,
    maxRequests: settings.maxKeepAliveRequests,
    keepAliveSeconds: Math.floor(settings.keepAliveTimeoutMs / 1000),
  }
}

function deadlineRules(settings: Settings): DeadlineRules {
  return {
    keepAliveMs: settings.keepAliveTimeoutMs,
    headMs: settings.headTimeoutMs,
    bodyMs: settings.bodyTimeoutMs,
    writeMs: settings.writeTimeoutMs,
    handlerMs: settings.handlerTimeoutMs,
    lingerMs: LINGER_MS,
    minRate: settings.minRate,
    minRateGraceMs: settings.minRateGraceMs,
  }
}
