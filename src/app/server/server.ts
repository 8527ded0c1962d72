import { HeadReaders } from '../../domain/framing/head-readers.js'
import { PersistenceLines } from '../../domain/connection/persistence-lines.js'
import type { DrainReport, Phase } from '../../domain/lifecycle/drain.js'
import { unreadyReason } from '../../domain/lifecycle/readiness.js'
import { UNMATCHED, type RouteTable } from '../../domain/routing/route-table.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Metrics, MetricsSources, ServiceMetrics } from '../../ports/operations/metrics.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { SharedContext } from '../../ports/plugins/plugin.js'
import type { PluginRoute, PluginSource } from '../../ports/plugins/plugin-source.js'
import type { AccessLog } from '../../ports/serving/access-log.js'
import type { Engine } from '../../ports/serving/engine.js'
import type { Files } from '../../ports/serving/files.js'
import type { Tracing, TracingSource } from '../../ports/serving/tracing.js'
import type { Addresses, Listener, ListenerName, SecureListener } from '../../ports/serving/transport.js'
import type { WorkerGroup } from '../../ports/workers/worker-group.js'
import type { FileResponder } from '../files/file-response.js'
import { Dispatch } from '../serving/dispatch.js'
import { GuardedTracing } from '../serving/guarded-tracing.js'
import { HeadPreamble } from '../serving/head-preamble.js'
import { Identifiers } from '../serving/identifiers.js'
import { RedirectDispatch } from '../serving/redirect-dispatch.js'
import { schemeOf, wantedAddresses } from './addresses.js'
import { connectionRules, constantFields, deadlineRules } from './connection-rules.js'
import { Drain, type LifeState } from './drain.js'
import { OpenListeners } from './listeners.js'
import { OpenConnections } from './open-connections.js'
import { routeTables, type RouteTables } from './route-tables.js'
import { ServerPlugins } from './server-plugins.js'
import type { Service } from './service.js'

/** The adapters and collaborators of a server. */
export interface ServerParts {
  readonly settings: Settings
  readonly clock: Clock
  readonly listener: Listener
  /** `null` without HTTPS. */
  readonly secureListener: SecureListener | null
  /** `null` unless the admin routes have their own listener. */
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

/** Bounds that no setting changes. */
export interface ServerBounds {
  /** Time that all plugins together have to stop. */
  readonly pluginStopMs: number
  /** Connections at the admin listener, which stays reachable when the server is full. */
  readonly maxAdminConnections: number
  /** Connections that are being answered 503 because the server is full. The server resets any more without an answer. */
  readonly maxTurnedAway: number
}

export const SERVER_BOUNDS: ServerBounds = {
  pluginStopMs: 5000,
  maxAdminConnections: 100,
  maxTurnedAway: 1000,
}

/** A server's life, from its start to the end of its drain. */
export class Server {
  private readonly life: LifeState = { phase: 'starting', drainingSinceMs: null, isRetired: false }
  private readonly identifiers = new Identifiers()
  private readonly listeners = new OpenListeners()
  private readonly connections: OpenConnections
  private readonly plugins: ServerPlugins
  private readonly drainRun: Drain
  private tracing: Tracing | null = null

  constructor(
    private readonly parts: ServerParts,
    private readonly bounds: ServerBounds = SERVER_BOUNDS,
  ) {
    const { settings, clock, log, metrics } = parts
    const { life, listeners } = this
    this.plugins = new ServerPlugins(parts.plugins, clock, log, bounds.pluginStopMs)
    this.connections = new OpenConnections({ ...bounds, maxConnections: settings.maxConnections }, metrics, clock)
    const { connections } = this
    const stop = (): Promise<void> => this.stop()
    this.drainRun = new Drain({ settings: settings.drain, clock, log, life, listeners, connections, stop })
  }

  get phase(): Phase {
    return this.life.phase
  }

  /**
   * Loads and starts the plugins, then listens.
   *
   * @returns where it listens
   * @throws the error of the plugins or the listener; nothing is left running then
   */
  async start(): Promise<Addresses> {
    const { settings } = this.parts
    const context = this.pluginContext()
    const routes = await this.plugins.start(settings, context)
    try {
      // Loaded only now, because a plugin may set up the tracing when it starts.
      this.tracing = await this.loadTracing()
      await this.serve(routes, context)
    } catch (error) {
      await this.plugins.stop()
      throw error
    }
    this.connections.beginSweeps(settings.idleSweepIntervalMs)
    this.life.phase = 'running'
    this.logStart(routes.length)
    return this.listeners.addresses
  }

  /** The routes that the server would have. Starts the plugins to ask them, and stops them again. */
  async routes(): Promise<readonly PluginRoute[]> {
    const routes = await this.plugins.start(this.parts.settings, this.pluginContext())
    await this.plugins.stop()
    return routes
  }

  /**
   * Drains: gives notice, finishes the requests that began before and rejects new ones, then cuts off the rest. A second
   * call returns the report of the drain that is running.
   */
  drain(): Promise<DrainReport> {
    return this.drainRun.drain()
  }

  /**
   * Drains because a worker of a new generation has replaced this one. It accepts no new connections, but answers every
   * request on the open ones until they end or the drain timeout passes; then it drains like any other server.
   */
  retire(): Promise<DrainReport> {
    return this.drainRun.retire()
  }

  /** Cuts off every request now; a running drain ends at once. */
  force(): void {
    this.drainRun.force()
  }

  /** Stops what served the requests, when the last connection has ended. */
  private async stop(): Promise<void> {
    await this.plugins.stop()
    await this.parts.engine.stop()
    this.connections.endSweeps()
  }

  private async loadTracing(): Promise<Tracing | null> {
    const tracing = await this.parts.tracing.load()
    return tracing && new GuardedTracing(tracing, this.parts.log)
  }

  /** Starts the engine, then listens. */
  private async serve(routes: readonly PluginRoute[], context: SharedContext): Promise<void> {
    const { engine, metrics, settings } = this.parts
    const tables = routeTables(routes, settings.admin)
    metrics.begin([UNMATCHED, ...tables.main.names, ...tables.admin.names], this.metricsSources())
    await engine.start(routes, context)
    try {
      await this.listen(tables)
    } catch (error) {
      await this.listeners.close()
      await engine.stop()
      throw error
    }
  }

  /** HTTPS first: the plain listener may redirect to its port. */
  private async listen({ main, admin }: RouteTables): Promise<void> {
    const { settings, listener, secureListener, adminListener } = this.parts
    const addresses = wantedAddresses(settings)
    const dispatch = this.dispatch(main)
    const open = (name: ListenerName, at: Listener, table: RouteTable<PluginRoute>, by: Service['dispatch']) => {
      const service = this.service(name, table, by)
      return this.listeners.listen(name, at, addresses[name]!, (transport) =>
        this.connections.accept(name, service, transport),
      )
    }
    const https = addresses.https && (await open('https', secureListener!, main, dispatch))
    if (addresses.http) await open('http', listener, main, this.plainDispatch(dispatch, https?.port ?? 0))
    if (addresses.admin) await open('admin', adminListener!, admin, this.dispatch(admin))
  }

  private dispatch(table: RouteTable<PluginRoute>): Dispatch {
    const { metrics, log, engine, fileResponder } = this.parts
    return new Dispatch(table, engine, fileResponder, metrics, log)
  }

  /** Redirects requests over plain HTTP to HTTPS where the settings say so. */
  private plainDispatch(dispatch: Dispatch, httpsPort: number): Service['dispatch'] {
    const { redirectHttp, redirectHost, acmeDirectory } = this.parts.settings.tls
    if (!redirectHttp) return dispatch
    const host = redirectHost.includes(':') ? `[${redirectHost}]` : redirectHost
    return new RedirectDispatch(dispatch, { host, port: httpsPort }, acmeDirectory !== null)
  }

  private service(listener: ListenerName, table: RouteTable<PluginRoute>, dispatch: Service['dispatch']): Service {
    const { settings, clock, metrics, accessLog, log } = this.parts
    const rules = connectionRules(settings, table.methods, listener === 'https')
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
      preamble: new HeadPreamble(clock, constantFields(settings, listener)),
      identifiers: this.identifiers,
      dispatch,
      life: this.life,
      exchangeEnded: (exchange) => this.drainRun.exchangeEnded(exchange),
    }
  }

  private logStart(routes: number): void {
    const { log, engine, listener, secureListener } = this.parts
    for (const { name, file } of this.plugins.replaced) log.info('shipped plugin replaced', { plugin: name, file })
    for (const { name, address } of this.listeners.all) {
      const { name: socket } = name === 'https' ? secureListener! : listener
      const admin = name === 'admin' ? { admin: true } : {}
      log.info('server listening', {
        scheme: schemeOf(name),
        ...admin,
        ...address,
        engine: engine.name,
        socket,
        routes,
      })
    }
  }

  private metricsSources(): MetricsSources {
    const { engine, listener, accessLog } = this.parts
    return {
      engine: engine.name,
      socket: listener.name,
      phase: () => this.life.phase,
      queue: () => engine.queue,
      threads: () => engine.threads,
      tls: () => this.tlsMetrics(),
      accessLogDropped: () => accessLog.dropped,
    }
  }

  private tlsMetrics(): ReturnType<MetricsSources['tls']> {
    const { secureListener, clock } = this.parts
    if (secureListener === null) return null
    const certificates = secureListener.credentials.certificates.map(({ label, expiresMs }) => {
      return { certificate: label, expiresInSeconds: Math.floor((expiresMs - clock.wall()) / 1000) }
    })
    return { inFlight: secureListener.handshakes, certificates }
  }

  private pluginContext(): SharedContext {
    const { files, serviceMetrics: metrics, log } = this.parts
    return { log, files, metrics, phase: () => this.life.phase, unready: () => this.unready(), thread: 0 }
  }

  private unready(): string | null {
    const { engine, group } = this.parts
    const troubles = [engine.trouble, group.trouble].filter((trouble) => trouble !== null)
    return unreadyReason({ phase: this.life.phase, isRetired: this.life.isRetired, troubles })
  }
}
