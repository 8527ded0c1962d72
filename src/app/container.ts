import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Container, type ServiceIdentifier } from 'inversify'
import { SystemClock } from '../adapters/clock/system-clock.js'
import { SelectorsEngine } from '../adapters/engine/selectors/selectors-engine.js'
import type { StartThread } from '../adapters/engine/threadpool/thread-link.js'
import { SystemThreadMeter } from '../adapters/engine/threadpool/thread-meter.js'
import { ThreadpoolEngine } from '../adapters/engine/threadpool/threadpool-engine.js'
import { threadsEnded, workerThreads } from '../adapters/engine/threadpool/worker-thread.js'
import { serverProcesses } from '../adapters/tools/comparison/server-process.js'
import { CachedFiles } from '../adapters/files/cached-files.js'
import { mediaTypeOf } from '../adapters/files/media-types.js'
import { writeNewFiles } from '../adapters/tools/new-files.js'
import { openReportFile } from '../adapters/tools/report-file.js'
import { SystemFiles } from '../adapters/files/system-files.js'
import { autocannonLoad } from '../adapters/tools/load/autocannon-load.js'
import { nodeLoad } from '../adapters/tools/load/node-load.js'
import { jsonAccessLine, plainAccessLine } from '../adapters/log/access-line.js'
import { colouredEventLine, jsonEventLine, plainEventLine } from '../adapters/log/event-line.js'
import { LineForwarder } from '../adapters/log/line-forwarder.js'
import { NoAccessLog } from '../adapters/log/no-access-log.js'
import { openOutput } from '../adapters/log/output.js'
import { Sink } from '../adapters/log/sink.js'
import { SinkAccessLog } from '../adapters/log/sink-access-log.js'
import { WinstonEventLog } from '../adapters/log/winston-event-log.js'
import { CountingMetrics } from '../adapters/metrics/counting-metrics.js'
import { measureEventLoopDelay } from '../adapters/metrics/event-loop-delay.js'
import { residentMemory } from '../adapters/metrics/resident-memory.js'
import { FolderPlugins } from '../adapters/plugins/folder-plugins.js'
import { LayeredSettings } from '../adapters/settings/layered-settings.js'
import { DescriptorAdopter } from '../adapters/socket/handoff/descriptor-adopter.js'
import { EpollListener } from '../adapters/socket/epoll/epoll-listener.js'
import { SharedBuffers, type EpollTools } from '../adapters/socket/epoll/epoll-transport.js'
import { checkSockets } from '../adapters/socket/epoll/self-check.js'
import { loadSystemCalls } from '../adapters/socket/epoll/system-calls.js'
import { handedConnection } from '../adapters/socket/handoff/handed-connection.js'
import { HandedListener, type ConnectionAdopter } from '../adapters/socket/handoff/handed-listener.js'
import { lend } from '../adapters/socket/net/lent-reads.js'
import { NetAcceptor } from '../adapters/socket/handoff/net-acceptor.js'
import { NetListener } from '../adapters/socket/net/net-listener.js'
import { SocketAdopter } from '../adapters/socket/handoff/socket-adopter.js'
import { NetTransport, takeOctets } from '../adapters/socket/net/net-transport.js'
import { PlainSetup, transportOptions, type ConnectionSetup } from '../adapters/socket/net/connection-setup.js'
import { CredentialFiles } from '../adapters/tls/credential-files.js'
import { Handshakes } from '../adapters/tls/handshakes.js'
import { TicketKeys } from '../adapters/tls/ticket-keys.js'
import { TlsListener } from '../adapters/tls/tls-listener.js'
import { makeDevelopmentCertificate } from '../adapters/tools/development-certificate.js'
import { OpenTelemetry } from '../adapters/tracing/open-telemetry.js'
import { ForkedWorkers } from '../adapters/workers/forked-workers.js'
import { ParentChannel } from '../adapters/workers/parent-channel.js'
import { workerCount } from '../domain/workers/supervision.js'
import type { AccessLog } from '../ports/serving/access-log.js'
import type { Clock } from '../ports/operations/clock.js'
import type { WorkerGroup } from '../ports/workers/worker-group.js'
import type { CrossedPart, ThreadParts } from '../ports/threads/thread-messages.js'
import type { MakeCertificate } from '../ports/tools/development-certificate.js'
import type { Engine } from '../ports/serving/engine.js'
import type { EventLog } from '../ports/operations/event-log.js'
import type { Files } from '../ports/serving/files.js'
import type { BeginLoad } from '../ports/tools/load.js'
import type { StartMeasuredServer } from '../ports/tools/measured-server.js'
import type { Metrics } from '../ports/operations/metrics.js'
import type { Credentials, TicketSeed } from '../ports/operations/credentials.js'
import type { Settings, SettingsSource } from '../ports/operations/settings.js'
import type { WriteNew } from '../ports/tools/new-files.js'
import type { OpenReport } from '../ports/tools/report-file.js'
import type { PluginRoute } from '../ports/plugins/plugin-source.js'
import type { SocketChoice, SocketKind } from '../ports/serving/sockets.js'
import type { ListenerName, Listener, SecureListener } from '../ports/serving/transport.js'
import type { WorkerConfiguration } from '../ports/workers/worker-processes.js'
import { FileResponder } from './files/file-response.js'
import { singleProcessGroup } from './workers/single-process-group.js'
import {
  logSocketChoice,
  type Configuration,
  type ConfigurationSources,
  type LoadedConfiguration,
} from './configuration.js'
import { CertificateRenewal } from './server/certificate-renewal.js'
import { singleProcess, type RenewalControl, type Runnable } from './run.js'
import { Server } from './server/server.js'
import { GroupMetrics } from './server/service-metrics.js'
import { Supervisor } from './workers/supervisor.js'
import { Worker } from './workers/worker.js'
import {
  ACCESS_LOG,
  ADMIN_LISTENER,
  CLOCK,
  WORKER_GROUP,
  ENGINE,
  EVENT_LOG,
  FILES,
  FILE_RESPONDER,
  LISTENER,
  METRICS,
  PLUGINS,
  SECURE_LISTENER,
  SERVER,
  SERVICE_METRICS,
  SETTINGS,
  TRACING,
} from './tokens.js'

const STANDARD_OUTPUT = 1

/** What worker processes run. */
const WORKER_MODULE = new URL('./workers/worker-main.js', import.meta.url)

/** What handler threads run. */
const THREAD_MODULE = new URL('./threads/thread-main.js', import.meta.url)

/** Longer than a thread takes to end that can. */
const THREADS_END_MS = 500

const THREAD_PARTS: ThreadParts = {
  plugins: crossedPart('../adapters/plugins/folder-plugins.js', FolderPlugins),
  files: crossedPart('../adapters/files/system-files.js', SystemFiles),
  clock: crossedPart('../adapters/clock/system-clock.js', SystemClock),
  meter: crossedPart('../adapters/engine/threadpool/thread-meter.js', SystemThreadMeter),
  tracing: crossedPart('../adapters/tracing/open-telemetry.js', OpenTelemetry),
}

/** What both logs write to; no port, since nothing but the logs' adapters knows it. */
const SINK: ServiceIdentifier<Sink> = Symbol('Sink')

/** Where a configuration comes from, before there is anything to wire by it. */
export function configurationSources(): ConfigurationSources & { readonly settings: SettingsSource } {
  return {
    settings: new LayeredSettings({ terminal: process.stdout.isTTY, workingDirectory: process.cwd() }),
    credentials: new CredentialFiles(),
    tryEpoll: checkSockets,
  }
}

/** Load is made on servers elsewhere. */
export const beginLoad: BeginLoad = (order, progress) => {
  const load = order.keepAlive && order.rate === null ? autocannonLoad : nodeLoad
  return load(order, progress)
}

/** Certificates need no settings, and no server. */
export const makeCertificate: MakeCertificate = (order) =>
  makeDevelopmentCertificate(order, new SystemClock().wall(), writeNewFiles)

export const writeNew: WriteNew = writeNewFiles

export const openReport: OpenReport = openReportFile

/** Servers to compare run as their user would run them. */
export const startServer: StartMeasuredServer = serverProcesses(
  new URL('./cli/compare/compared-main.js', import.meta.url),
)

/** A server wired by its settings, and what is left to close behind it. */
export interface Wired {
  readonly server: Server
  readonly log: EventLog
  /** Writes what the logs still hold. */
  readonly closeLogs: () => Promise<void>
}

/** The composition root: the one place that names adapters. The container is asked here, once. */
export function wire(configuration: Configuration): WiredAlone {
  const { settings, credentials, socket } = configuration
  const container = containerFor(settings)
  container.bind(WORKER_GROUP).toConstantValue(singleProcessGroup(() => renewal?.counts ?? { done: 0, refused: 0 }))
  const listeners = {
    net: (reception: ConnectionSetup) => new NetListener(settings.readChunkSize, reception),
    epoll: () => new EpollListener(epollTools(settings)),
  }
  bindListeners(container, listeners, socket.kind, secureBy(credentials, null))
  const wired = wireServer(container)
  logSocketChoice(wired.log, configuration)
  const renewal = renewalOf(container)
  const begin = (): void => renewal?.begin(settings.tls, credentials!)
  const lone = renewal && { begin, renew: () => renewal.renew(), stop: () => renewal.stop() }
  return { ...wired, renewal: lone }
}

/** The routes that a server would have. */
export function listRoutes(settings: Settings): Promise<readonly PluginRoute[]> {
  const silent: Settings = { ...settings, log: { ...settings.log, level: 'silent', access: false } }
  const socket: SocketChoice = { kind: 'net', reason: 'nothing listens' }
  return wire({ settings: silent, credentials: null, socket }).server.routes()
}

/** A server that is the only one of its service. */
interface WiredAlone extends Wired {
  /** `null` without HTTPS. */
  readonly renewal: RenewalControl | null
}

function renewalOf(container: Container): CertificateRenewal | null {
  const listener = container.get(SECURE_LISTENER)
  if (listener === null) return null
  const [clock, log] = [container.get(CLOCK), container.get(EVENT_LOG)]
  const use = (credentials: Credentials): void => {
    listener.credentials = credentials
  }
  return new CertificateRenewal({ source: new CredentialFiles(), clock, log, use })
}

/** What the settings ask to be run: this process alone, or a supervisor with its workers. */
export function wireService(configuration: Configuration, load: () => Promise<LoadedConfiguration>): WiredService {
  const { workers } = configuration.settings
  if (workerCount(workers, availableParallelism()) > 1) return wireSupervisor(configuration, load)
  const { server, renewal, log, closeLogs } = wire(configuration)
  return { service: singleProcess(server, renewal, log, configuration.socket.kind), log, closeLogs }
}

/** Something to run, and what is left to close behind it. */
export interface WiredService extends Pick<Wired, 'log' | 'closeLogs'> {
  readonly service: Runnable
}

function wireSupervisor(configuration: Configuration, load: () => Promise<LoadedConfiguration>): WiredService {
  const container = containerFor(configuration.settings)
  bindLogs(container)
  const [clock, sink, log] = [container.get(CLOCK), container.get(SINK), container.get(EVENT_LOG)]
  const forwarder = new LineForwarder(sink)
  const processes = new ForkedWorkers(WORKER_MODULE, (output) => forwarder.forward(output))
  const place = { cores: availableParallelism(), coloured: sink.isTerminal }
  const tls = { credentialSource: new CredentialFiles(), newTickets: (ms: number) => new TicketKeys(ms, clock) }
  const door = new NetAcceptor()
  const service = new Supervisor({ ...configuration, load, clock, door, processes, log, ...tls, ...place })
  const closeLogs = async (): Promise<void> => {
    await forwarder.flush()
    await sink.close()
  }
  return { service, log, closeLogs }
}

/** A worker process, which gets its settings from its supervisor. */
export function wireWorker(): Worker {
  return new Worker(new ParentChannel(handedConnection), new SystemClock(), (configuration, receiver, group) => {
    const container = containerFor(configuration.settings)
    container.bind(WORKER_GROUP).toConstantValue(group)
    const { settings, socket, secured } = configuration
    const handed = (taking: ConnectionAdopter, entry: ListenerName) => new HandedListener(taking, receiver.at(entry))
    const listeners = {
      net: (reception: ConnectionSetup, entry: ListenerName) =>
        handed(new SocketAdopter(settings.readChunkSize, reception), entry),
      epoll: (entry: ListenerName) => handed(new DescriptorAdopter(epollTools(settings)), entry),
    }
    bindListeners(container, listeners, socket.kind, secureBy(secured?.credentials ?? null, secured?.tickets ?? null))
    const { server, log, closeLogs } = wireServer(container, configuration)
    const [metrics, listener] = [container.get(METRICS), container.get(SECURE_LISTENER)]
    const renew = (renewed: Credentials): void => {
      if (listener !== null) listener.credentials = renewed
    }
    return { server, log, counts: () => metrics.counts(), renew, closeLogs }
  })
}

/** What makes an HTTPS listener what it is; `null` for none. */
interface SecuredBy {
  readonly credentials: Credentials
  /** Of a service with more than one process. */
  readonly tickets: TicketSeed | null
}

const secureBy = (credentials: Credentials | null, tickets: TicketSeed | null): SecuredBy | null =>
  credentials === null ? null : { credentials, tickets }

/** Listeners by the kind of their sockets. */
interface Listeners {
  /** @param reception what becomes of the sockets */
  net(reception: ConnectionSetup, entry: ListenerName): Listener
  epoll(entry: ListenerName): Listener
}

function bindListeners(container: Container, listeners: Listeners, kind: SocketKind, secured: SecuredBy | null): void {
  const { writeChunkSize } = container.get(SETTINGS)
  const plain = (entry: ListenerName): Listener =>
    kind === 'epoll' ? listeners.epoll(entry) : listeners.net(new PlainSetup(writeChunkSize), entry)
  container.bind(LISTENER).toResolvedValue(() => plain('http'))
  container
    .bind(ADMIN_LISTENER)
    .toResolvedValue(({ admin }: Settings) => (admin.listener === 'separate' ? plain('admin') : null), [SETTINGS])
  container.bind(SECURE_LISTENER).toResolvedValue(
    (settings: Settings, clock: Clock, metrics: Metrics): SecureListener | null => {
      if (secured === null) return null
      const handshakes = handshakesOf(settings, clock, metrics, secured)
      return new TlsListener(listeners.net(handshakes, 'https'), handshakes)
    },
    [SETTINGS, CLOCK, METRICS],
  )
}

function epollTools({ readChunkSize, writeChunkSize, selectTimeoutMs }: Settings): EpollTools {
  const { calls } = loadSystemCalls()
  return { calls, buffers: new SharedBuffers(readChunkSize), highWaterMark: writeChunkSize, selectTimeoutMs }
}

function handshakesOf(
  settings: Settings,
  clock: Clock,
  metrics: Metrics,
  { credentials, tickets }: SecuredBy,
): Handshakes {
  const { tls, readChunkSize, writeChunkSize } = settings
  const options = transportOptions(writeChunkSize)
  return new Handshakes({
    settings: tls,
    clock,
    metrics,
    tickets: new TicketKeys(tls.ticketLifetimeMs, clock, tickets),
    credentials,
    onread: lend(readChunkSize, takeOctets),
    transport: (socket, raw, security) => new NetTransport(socket, options, raw, security),
    take: takeOctets,
  })
}

function containerFor(settings: Settings): Container {
  const container = new Container({ defaultScope: 'Singleton' })
  container.bind(SETTINGS).toConstantValue(settings)
  container.bind(CLOCK).toConstantValue(new SystemClock())
  return container
}

function wireServer(container: Container, configuration?: WorkerConfiguration): Wired {
  container
    .bind(ENGINE)
    .toResolvedValue(
      (settings: Settings, clock: Clock): Engine =>
        settings.engine === 'selectors'
          ? new SelectorsEngine()
          : new ThreadpoolEngine(settings, clock, handlerThreads(settings), residentMemory()),
      [SETTINGS, CLOCK],
    )
  container.bind(FILES).toResolvedValue(
    (clock: Clock, { fileCache }: Settings): Files => {
      const files = new SystemFiles()
      return fileCache.files === 0 ? files : new CachedFiles(files, clock, fileCache)
    },
    [CLOCK, SETTINGS],
  )
  container.bind(PLUGINS).toConstantValue(new FolderPlugins())
  container.bind(TRACING).toConstantValue(new OpenTelemetry())
  bindLogs(container, configuration)
  bindServer(container)
  const sink = container.get(SINK)
  return { server: container.get(SERVER), log: container.get(EVENT_LOG), closeLogs: () => sink.close() }
}

/**
 * Ends this process, with nothing left to do.
 *
 * The platform waits for all threads then, and one that is stuck in a call of the system never comes: with such a one the
 * process can only be killed, and its exit code is lost.
 */
export async function endProcess(code: number): Promise<never> {
  if (!(await threadsEnded(THREADS_END_MS))) process.kill(process.pid, 'SIGKILL')
  return process.exit(code)
}

/** Threads that run the handlers of the settings' plugins. */
export function handlerThreads(settings: Settings): StartThread {
  return workerThreads(THREAD_MODULE, settings, THREAD_PARTS)
}

/** @param path of the class's module, seen from here */
function crossedPart<Port>(path: string, made: new () => Port): CrossedPart<Port> {
  return { module: new URL(path, import.meta.url).href, name: made.name }
}

/** @param configuration of a worker, whose logs pass through its supervisor */
function bindLogs(container: Container, configuration?: WorkerConfiguration): void {
  container.bind(SINK).toResolvedValue((clock: Clock) => new Sink(openOutput(STANDARD_OUTPUT), clock), [CLOCK])
  container.bind(EVENT_LOG).toResolvedValue(
    (sink: Sink, clock: Clock, { log }: Settings) => {
      const plain = (configuration?.coloured ?? sink.isTerminal) ? colouredEventLine : plainEventLine
      const events = WinstonEventLog.into(sink, clock, log.format === 'json' ? jsonEventLine : plain, log.level)
      return configuration === undefined ? events : events.with({ worker: configuration.worker })
    },
    [SINK, CLOCK, SETTINGS],
  )
  container.bind(ACCESS_LOG).toResolvedValue(
    (sink: Sink, clock: Clock, { worker }: WorkerGroup, { engine, log }: Settings): AccessLog => {
      if (!log.access) return new NoAccessLog()
      const line = log.format === 'json' ? jsonAccessLine(engine, worker) : plainAccessLine(engine, worker)
      return new SinkAccessLog(sink, clock, line)
    },
    [SINK, CLOCK, WORKER_GROUP, SETTINGS],
  )
}

function bindServer(container: Container): void {
  container
    .bind(METRICS)
    .toResolvedValue((clock: Clock) => new CountingMetrics(clock, residentMemory(), measureEventLoopDelay()), [CLOCK])
  container
    .bind(SERVICE_METRICS)
    .toResolvedValue(
      (metrics: Metrics, group: WorkerGroup) => new GroupMetrics(metrics, group),
      [METRICS, WORKER_GROUP],
    )
  container.bind(FILE_RESPONDER).toResolvedValue(
    (files: Files, clock: Clock) =>
      new FileResponder(
        files,
        mediaTypeOf,
        () => randomBytes(12).toString('hex'),
        () => clock.wall(),
      ),
    [FILES, CLOCK],
  )
  container.bind(SERVER).toResolvedValue(
    (
      settings,
      clock,
      listener,
      secureListener,
      adminListener,
      engine,
      plugins,
      files,
      fileResponder,
      metrics,
      serviceMetrics,
      group,
      accessLog,
      log,
      tracing,
    ) => {
      const listeners = { listener, secureListener, adminListener }
      const outside = { clock, ...listeners, engine, plugins, files, metrics, group, accessLog, log, tracing }
      return new Server({ settings, ...outside, fileResponder, serviceMetrics })
    },
    [
      SETTINGS,
      CLOCK,
      LISTENER,
      SECURE_LISTENER,
      ADMIN_LISTENER,
      ENGINE,
      PLUGINS,
      FILES,
      FILE_RESPONDER,
      METRICS,
      SERVICE_METRICS,
      WORKER_GROUP,
      ACCESS_LOG,
      EVENT_LOG,
      TRACING,
    ],
  )
}
