/** What plugin authors import, as `portico/plugin`: the one place that gathers names from elsewhere. */
import type { Plugin } from './ports/plugins/plugin.js'

export { preferred } from './domain/representation/media-type.js'
export { bytes, empty, fields, file, html, json, redirect, stream, text } from './domain/message/response-makers.js'
export type { FileInit, ResponseInit, StreamInit } from './domain/message/response-makers.js'
export type { FieldsInit, ResponseFields } from './domain/message/response-fields.js'
export type { Response } from './domain/message/response.js'
export type { MetricsSnapshot, ProcessSnapshot, ServiceMetrics, WorkerSnapshot } from './ports/operations/metrics.js'
export type { ClientCertificate, Security } from './ports/serving/transport.js'
export type {
  Answer,
  Handler,
  Params,
  Plugin,
  PluginContext,
  Request,
  RouteDefinition,
  Routes,
} from './ports/plugins/plugin.js'

/** Gives a plugin its types as it is written; the plugin itself is returned as it is. */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin
}
