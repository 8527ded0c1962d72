import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import { availableParallelism } from 'node:os'
import { Container, type ServiceIdentifier } from 'inversify'
import { SystemClock } from '../adapters/clock/system-clock.js'
import { SelectorsEngine } from '../adapters/engine/selectors-engine.js'
import type { StartThread } from '../adapters/engine/thread-link.js'
import { SystemThreadMeter } from '../adapters/engine/thread-meter.js'
import { ThreadpoolEngine } from '../adapters/engine/threadpool-engine.js'
import { threadsEnded, workerThreads } from '../adapters/engine/worker-thread.js'
import { mediaTypeOf } from '../adapters/files/media-types.js'
import { SystemFiles } from '../adapters/files/system-files.js'
import { jsonAccessLine, plainAccessLine } from '../adapters/log/access-line.js'
import { colouredEventLine, jsonEventLine, plainEventLine } from '../adapters/log/event-line.js'
import { LineForwarder } from '../adapters/log/line-forwarder.js'
import { NoAccessLog } from '../adapters/log/no-access-log.js'
import { openOutlet } from '../adapters/log/outlet.js'
import { Sink } from '../adapters/log/sink.js'
import { SinkAccessLog } from '../adapters/log/sink-access-log.js'
import { WinstonEventLog } from '../adapters/log/winston-event-log.js'
import { CountingMetrics } from '../adapters/metrics/counting-metrics.js'
import { measureEventLoopDelay } from '../adapters/metrics/event-loop-delay.js'
import { residentMemory } from '../adapters/metrics/resident-memory.js'
import { FolderPlugins } from '../adapters/plugins/folder-plugins.js'
import { LayeredSettings } from '../adapters/settings/layered-settings.js'
import { handedConnection } from '../adapters/socket/handed-connection.js'
import { HandedListener } from '../adapters/socket/handed-listener.js'
import { NetDoor } from '../adapters/socket/net-door.js'
import { NetListener } from '../adapters/socket/net-listener.js'
import { ForkedWorkers } from '../adapters/workers/forked-workers.js'
import { ParentLine } from '../adapters/workers/parent-line.js'
import { crewSize } from '../domain/service/supervision.js'
import type { AccessLog } from '../ports/access-log.js'
import type { Clock } from '../ports/clock.js'
import type { Crew } from '../ports/crew.js'
import type { CrossedPart, ThreadParts } from '../ports/crossing.js'
import type { Engine } from '../ports/engine.js'
import type { EventLog } from '../ports/event-log.js'
import type { Files } from '../ports/files.js'
import type { Metrics } from '../ports/metrics.js'
import type { LoadedSettings, Settings, SettingsSource } from '../ports/settings.js'
import type { WorkerOrders } from '../ports/workers.js'
import { FileResponder } from './file-response.js'
import { LONE_CREW } from './crew/lone-crew.js'
import { alone, type Runnable } from './run.js'
import { Server } from './server.js'
import { CrewMetrics } from './service-metrics.js'
import { Supervisor } from './crew/supervisor.js'
import { Worker } from './crew/worker.js'
import {
  ACCESS_LOG,
  CLOCK,
  CREW,
  ENGINE,
  EVENT_LOG,
  FILES,
  FILE_RESPONDER,
  LISTENER,
  METRICS,
  PLUGINS,
  SERVER,
  SERVICE_METRICS,
  SETTINGS,
} from './tokens.js'

const STANDARD_OUTPUT = 1

/** What worker processes run. */
const WORKER_MODULE = new URL('./crew/worker-main.js', import.meta.url)

/** What handler threads run. */
const THREAD_MODULE = new URL('./thread/thread-main.js', import.meta.url)

/** Longer than a thread takes to end that can. */
const THREADS_END_MS = 500

const THREAD_PARTS: ThreadParts = {
  plugins: crossedPart('../adapters/plugins/folder-plugins.js', FolderPlugins),
  files: crossedPart('../adapters/files/system-files.js', SystemFiles),
  clock: crossedPart('../adapters/clock/system-clock.js', SystemClock),
  meter: crossedPart('../adapters/engine/thread-meter.js', SystemThreadMeter),
}

/** What both logs write to; no port, since nothing but the logs' adapters knows it. */
const SINK: ServiceIdentifier<Sink> = Symbol('Sink')

/** Where settings come from, before there is anything to wire by them. */
export function settingsSource(): SettingsSource {
  return new LayeredSettings({ terminal: process.stdout.isTTY, workingDirectory: process.cwd() })
}

/** A server wired by its settings, and what is left to close behind it. */
export interface Wired {
  readonly server: Server
  readonly log: EventLog
  /** Writes what the logs still hold. */
  readonly closeLogs: () => Promise<void>
}

/** The composition root: the one place that names adapters. The container is asked here, once. */
export function wire(settings: Settings): Wired {
  const container = containerFor(settings)
  container.bind(CREW).toConstantValue(LONE_CREW)
  container.bind(LISTENER).toConstantValue(new NetListener(settings))
  return wireServer(container)
}

/** What the settings ask to be run: this process alone, or a supervisor with its workers. */
export function wireService(settings: Settings, load: () => Promise<LoadedSettings>): WiredService {
  if (crewSize(settings.workers, availableParallelism()) > 1) return wireSupervisor(settings, load)
  const { server, log, closeLogs } = wire(settings)
  return { service: alone(server, log), log, closeLogs }
}

/** Something to run, and what is left to close behind it. */
export interface WiredService extends Pick<Wired, 'log' | 'closeLogs'> {
  readonly service: Runnable
}

function wireSupervisor(settings: Settings, load: () => Promise<LoadedSettings>): WiredService {
  const container = containerFor(settings)
  bindLogs(container)
  const [clock, sink, log] = [container.get(CLOCK), container.get(SINK), container.get(EVENT_LOG)]
  const forwarder = new LineForwarder(sink)
  const processes = new ForkedWorkers(WORKER_MODULE, (output) => forwarder.forward(output))
  const place = { cores: availableParallelism(), coloured: sink.isTerminal }
  const service = new Supervisor({ settings, load, clock, door: new NetDoor(), processes, log, ...place })
  const closeLogs = async (): Promise<void> => {
    await forwarder.flush()
    await sink.close()
  }
  return { service, log, closeLogs }
}

/** A worker process, which gets its settings from its supervisor. */
export function wireWorker(): Worker {
  return new Worker(new ParentLine(handedConnection), new SystemClock(), (orders, hatch, crew) => {
    const container = containerFor(orders.settings)
    container.bind(CREW).toConstantValue(crew)
    container.bind(LISTENER).toConstantValue(new HandedListener(orders.settings, hatch))
    const { server, log, closeLogs } = wireServer(container, orders)
    const metrics = container.get(METRICS)
    return { server, log, counts: () => metrics.counts(), closeLogs }
  })
}

function containerFor(settings: Settings): Container {
  const container = new Container({ defaultScope: 'Singleton' })
  container.bind(SETTINGS).toConstantValue(settings)
  container.bind(CLOCK).toConstantValue(new SystemClock())
  return container
}

function wireServer(container: Container, orders?: WorkerOrders): Wired {
  container
    .bind(ENGINE)
    .toResolvedValue(
      (settings: Settings, clock: Clock): Engine =>
        settings.engine === 'selectors'
          ? new SelectorsEngine()
          : new ThreadpoolEngine(settings, clock, handlerThreads(settings), residentMemory()),
      [SETTINGS, CLOCK],
    )
  container.bind(FILES).toConstantValue(new SystemFiles())
  container.bind(PLUGINS).toConstantValue(new FolderPlugins())
  bindLogs(container, orders)
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

/** @param orders of a worker, whose logs pass through its supervisor */
function bindLogs(container: Container, orders?: WorkerOrders): void {
  container.bind(SINK).toResolvedValue((clock: Clock) => new Sink(openOutlet(STANDARD_OUTPUT), clock), [CLOCK])
  container.bind(EVENT_LOG).toResolvedValue(
    (sink: Sink, clock: Clock, { log }: Settings) => {
      const plain = (orders?.coloured ?? sink.isTerminal) ? colouredEventLine : plainEventLine
      const events = WinstonEventLog.into(sink, clock, log.format === 'json' ? jsonEventLine : plain, log.level)
      return orders === undefined ? events : events.with({ worker: orders.worker })
    },
    [SINK, CLOCK, SETTINGS],
  )
  container.bind(ACCESS_LOG).toResolvedValue(
    (sink: Sink, clock: Clock, { worker }: Crew, { engine, log }: Settings): AccessLog => {
      if (!log.access) return new NoAccessLog()
      const line = log.format === 'json' ? jsonAccessLine(engine, worker) : plainAccessLine(engine, worker)
      return new SinkAccessLog(sink, clock, line)
    },
    [SINK, CLOCK, CREW, SETTINGS],
  )
}

function bindServer(container: Container): void {
  container
    .bind(METRICS)
    .toResolvedValue((clock: Clock) => new CountingMetrics(clock, residentMemory(), measureEventLoopDelay()), [CLOCK])
  container
    .bind(SERVICE_METRICS)
    .toResolvedValue((metrics: Metrics, crew: Crew) => new CrewMetrics(metrics, crew), [METRICS, CREW])
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
      engine,
      plugins,
      files,
      fileResponder,
      metrics,
      serviceMetrics,
      crew,
      accessLog,
      log,
    ) => {
      const outside = { clock, listener, engine, plugins, files, metrics, crew, accessLog, log }
      return new Server({ settings, ...outside, fileResponder, serviceMetrics })
    },
    [
      SETTINGS,
      CLOCK,
      LISTENER,
      ENGINE,
      PLUGINS,
      FILES,
      FILE_RESPONDER,
      METRICS,
      SERVICE_METRICS,
      CREW,
      ACCESS_LOG,
      EVENT_LOG,
    ],
  )
}
