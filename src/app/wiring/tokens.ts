import type { ServiceIdentifier } from 'inversify'
import type { Sink } from '../../adapters/log/sink.js'
import type { AccessLog } from '../../ports/serving/access-log.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { WorkerGroup } from '../../ports/workers/worker-group.js'
import type { Engine } from '../../ports/serving/engine.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Files } from '../../ports/serving/files.js'
import type { Metrics, ServiceMetrics } from '../../ports/operations/metrics.js'
import type { PluginSource } from '../../ports/plugins/plugin-source.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { TracingSource } from '../../ports/serving/tracing.js'
import type { Listener, SecureListener } from '../../ports/serving/transport.js'
import type { FileResponder } from '../files/file-response.js'
import type { Server } from '../server/server.js'

/** Each token carries the type of its value, so that a wiring mistake is a compile error. */
const token = <T>(name: string): ServiceIdentifier<T> => Symbol(name)

export const SETTINGS = token<Settings>('Settings')
export const CLOCK = token<Clock>('Clock')
/** The sink that both logs write to. */
export const SINK = token<Sink>('Sink')
export const EVENT_LOG = token<EventLog>('EventLog')
export const ACCESS_LOG = token<AccessLog>('AccessLog')
export const METRICS = token<Metrics>('Metrics')
export const SERVICE_METRICS = token<ServiceMetrics>('ServiceMetrics')
export const WORKER_GROUP = token<WorkerGroup>('WorkerGroup')
export const FILES = token<Files>('Files')
export const FILE_RESPONDER = token<FileResponder>('FileResponder')
export const PLUGINS = token<PluginSource>('PluginSource')
export const ENGINE = token<Engine>('Engine')
export const TRACING = token<TracingSource>('TracingSource')
export const LISTENER = token<Listener>('Listener')
export const ADMIN_LISTENER = token<Listener | null>('AdminListener')
export const SECURE_LISTENER = token<SecureListener | null>('SecureListener')
export const SERVER = token<Server>('Server')
