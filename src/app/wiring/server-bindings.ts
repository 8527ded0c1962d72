/** Binds the server itself: the same in a single process and in a worker. */
import { randomBytes } from 'node:crypto'
import type { Container } from 'inversify'
import { SelectorsEngine } from '../../adapters/engine/selectors/selectors-engine.js'
import type { StartThread } from '../../adapters/engine/threadpool/thread-link.js'
import { ThreadpoolEngine } from '../../adapters/engine/threadpool/threadpool-engine.js'
import { workerThreads } from '../../adapters/engine/threadpool/worker-thread.js'
import { CachedFiles } from '../../adapters/files/cached-files.js'
import { mediaTypeOf } from '../../adapters/files/media-types.js'
import { SystemFiles } from '../../adapters/files/system-files.js'
import { jsonAccessLine, plainAccessLine } from '../../adapters/log/access-line.js'
import { NoAccessLog } from '../../adapters/log/no-access-log.js'
import type { Sink } from '../../adapters/log/sink.js'
import { SinkAccessLog } from '../../adapters/log/sink-access-log.js'
import { CountingMetrics } from '../../adapters/metrics/counting-metrics.js'
import { measureEventLoopDelay } from '../../adapters/metrics/event-loop-delay.js'
import { residentMemory } from '../../adapters/metrics/resident-memory.js'
import { FolderPlugins } from '../../adapters/plugins/folder-plugins.js'
import { OpenTelemetry } from '../../adapters/tracing/open-telemetry.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Metrics } from '../../ports/operations/metrics.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { AccessLog } from '../../ports/serving/access-log.js'
import type { Engine } from '../../ports/serving/engine.js'
import type { Files } from '../../ports/serving/files.js'
import type { WorkerGroup } from '../../ports/workers/worker-group.js'
import { FileResponder } from '../files/file-response.js'
import { Server } from '../server/server.js'
import { GroupMetrics } from '../server/service-metrics.js'
import {
  ACCESS_LOG,
  ADMIN_LISTENER,
  CLOCK,
  ENGINE,
  EVENT_LOG,
  FILE_RESPONDER,
  FILES,
  LISTENER,
  METRICS,
  PLUGINS,
  SECURE_LISTENER,
  SERVER,
  SERVICE_METRICS,
  SETTINGS,
  SINK,
  TRACING,
  WORKER_GROUP,
} from './tokens.js'

/** The module that a handler thread runs. */
const THREAD_MODULE = new URL('../threads/thread-main.js', import.meta.url)

/** A wired server and its log. */
export interface WiredServer {
  readonly server: Server
  readonly log: EventLog
  /** Writes the lines that the logs still buffer. */
  readonly closeLogs: () => Promise<void>
}

/** Resolves the server of a container to which the worker group and the listeners are bound. */
export function wireServer(container: Container): WiredServer {
  bindAccessLog(container)
  bindMetrics(container)
  bindFiles(container)
  bindHandlers(container)
  bindServer(container)
  const sink = container.get(SINK)
  return { server: container.get(SERVER), log: container.get(EVENT_LOG), closeLogs: () => sink.close() }
}

/** Starts threads that run the handlers of the settings' plugins. */
export function handlerThreads(settings: Settings): StartThread {
  return workerThreads(THREAD_MODULE, settings)
}

function bindAccessLog(container: Container): void {
  container.bind(ACCESS_LOG).toResolvedValue(
    (sink: Sink, clock: Clock, { worker }: WorkerGroup, { engine, log }: Settings): AccessLog => {
      if (!log.access) return new NoAccessLog()
      const line = log.format === 'json' ? jsonAccessLine(engine, worker) : plainAccessLine(engine, worker)
      return new SinkAccessLog(sink, clock, line)
    },
    [SINK, CLOCK, WORKER_GROUP, SETTINGS],
  )
}

function bindMetrics(container: Container): void {
  container
    .bind(METRICS)
    .toResolvedValue((clock: Clock) => new CountingMetrics(clock, residentMemory(), measureEventLoopDelay()), [CLOCK])
  container
    .bind(SERVICE_METRICS)
    .toResolvedValue(
      (metrics: Metrics, group: WorkerGroup) => new GroupMetrics(metrics, group),
      [METRICS, WORKER_GROUP],
    )
}

function bindFiles(container: Container): void {
  container.bind(FILES).toResolvedValue(
    (clock: Clock, { fileCache }: Settings): Files => {
      const files = new SystemFiles()
      return fileCache.files === 0 ? files : new CachedFiles(files, clock, fileCache)
    },
    [CLOCK, SETTINGS],
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
}

function bindHandlers(container: Container): void {
  container
    .bind(ENGINE)
    .toResolvedValue(
      (settings: Settings, clock: Clock): Engine =>
        settings.engine === 'selectors'
          ? new SelectorsEngine()
          : new ThreadpoolEngine(settings, clock, handlerThreads(settings), residentMemory()),
      [SETTINGS, CLOCK],
    )
  container.bind(PLUGINS).toConstantValue(new FolderPlugins())
  container.bind(TRACING).toConstantValue(new OpenTelemetry())
}

function bindServer(container: Container): void {
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
