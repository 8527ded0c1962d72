/** The module `portico/plugin`: everything that a plugin's author imports. */
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

/**
 * Returns the plugin unchanged. With it, editors and the TypeScript compiler know the types of handlers and context.
 *
 * @example
 *   export default definePlugin({ name: 'hello', routes: { 'GET /': () => text('Hello!\n') } })
 */
export function definePlugin(plugin: Plugin): Plugin {
  return plugin
}
