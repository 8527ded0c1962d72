import 'reflect-metadata'
import { randomBytes } from 'node:crypto'
import { Container, type ServiceIdentifier } from 'inversify'
import { SystemClock } from '../adapters/clock/system-clock.js'
import { SelectorsEngine } from '../adapters/engine/selectors-engine.js'
import { mediaTypeOf } from '../adapters/files/media-types.js'
import { SystemFiles } from '../adapters/files/system-files.js'
import { jsonAccessLine, plainAccessLine } from '../adapters/log/access-line.js'
import { colouredEventLine, jsonEventLine, plainEventLine } from '../adapters/log/event-line.js'
import { NoAccessLog } from '../adapters/log/no-access-log.js'
import { openOutlet } from '../adapters/log/outlet.js'
import { Sink } from '../adapters/log/sink.js'
import { SinkAccessLog } from '../adapters/log/sink-access-log.js'
import { WinstonEventLog } from '../adapters/log/winston-event-log.js'
import { CountingMetrics } from '../adapters/metrics/counting-metrics.js'
import { measureEventLoopDelay } from '../adapters/metrics/event-loop-delay.js'
import { FolderPlugins } from '../adapters/plugins/folder-plugins.js'
import { LayeredSettings } from '../adapters/settings/layered-settings.js'
import { NetListener } from '../adapters/socket/net-listener.js'
import type { AccessLog } from '../ports/access-log.js'
import type { Clock } from '../ports/clock.js'
import type { Engine } from '../ports/engine.js'
import type { EventLog } from '../ports/event-log.js'
import type { Files } from '../ports/files.js'
import type { Settings, SettingsSource } from '../ports/settings.js'
import { FileResponder } from './file-response.js'
import { Server } from './server.js'
import {
  ACCESS_LOG,
  CLOCK,
  ENGINE,
  EVENT_LOG,
  FILES,
  FILE_RESPONDER,
  LISTENER,
  METRICS,
  PLUGINS,
  SERVER,
  SETTINGS,
} from './tokens.js'

const STANDARD_OUTPUT = 1

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
  const container = new Container({ defaultScope: 'Singleton' })
  container.bind(SETTINGS).toConstantValue(settings)
  container.bind(CLOCK).toConstantValue(new SystemClock())
  container.bind(ENGINE).toConstantValue(new SelectorsEngine())
  container.bind(FILES).toConstantValue(new SystemFiles())
  container.bind(PLUGINS).toConstantValue(new FolderPlugins())
  container.bind(LISTENER).toConstantValue(new NetListener(settings))
  bindLogs(container)
  bindServer(container)
  const sink = container.get(SINK)
  return { server: container.get(SERVER), log: container.get(EVENT_LOG), closeLogs: () => sink.close() }
}

function bindLogs(container: Container): void {
  container.bind(SINK).toResolvedValue((clock: Clock) => new Sink(openOutlet(STANDARD_OUTPUT), clock), [CLOCK])
  container.bind(EVENT_LOG).toResolvedValue(
    (sink: Sink, clock: Clock, { log }: Settings) => {
      const plain = sink.isTerminal ? colouredEventLine : plainEventLine
      return WinstonEventLog.into(sink, clock, log.format === 'json' ? jsonEventLine : plain, log.level)
    },
    [SINK, CLOCK, SETTINGS],
  )
  container.bind(ACCESS_LOG).toResolvedValue(
    (sink: Sink, clock: Clock, engine: Engine, { log }: Settings): AccessLog => {
      if (!log.access) return new NoAccessLog()
      const line = log.format === 'json' ? jsonAccessLine(engine.name) : plainAccessLine(engine.name)
      return new SinkAccessLog(sink, clock, line)
    },
    [SINK, CLOCK, ENGINE, SETTINGS],
  )
}

function bindServer(container: Container): void {
  container
    .bind(METRICS)
    .toResolvedValue((clock: Clock) => new CountingMetrics(clock, measureEventLoopDelay()), [CLOCK])
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
  container
    .bind(SERVER)
    .toResolvedValue(
      (settings, clock, listener, engine, plugins, files, fileResponder, metrics, accessLog, log) =>
        new Server({ settings, clock, listener, engine, plugins, files, fileResponder, metrics, accessLog, log }),
      [SETTINGS, CLOCK, LISTENER, ENGINE, PLUGINS, FILES, FILE_RESPONDER, METRICS, ACCESS_LOG, EVENT_LOG],
    )
}
