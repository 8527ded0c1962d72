/**
 * Checks whether a module is a plugin. It may be plain JavaScript, so that its types are unknown. Every problem is one
 * message, with the value found and the value wanted.
 */
import { parseRouteKey } from '../../domain/routing/pattern.js'
import type { Handler, Plugin, RouteDefinition } from '../../ports/plugins/plugin.js'
import type { PluginRoute } from '../../ports/plugins/plugin-source.js'

/** A value with the problems that were found in it. It is valid only when there are none. */
export interface Checked<T> {
  readonly value: T
  readonly problems: readonly string[]
}

/**
 * Checks the exports of a module, and its routes unless a function makes them.
 *
 * @param exports the module's namespace
 * @param file names the module in problems
 */
export function checkPlugin(exports: Readonly<Record<string, unknown>>, file: string): Checked<Plugin> {
  const plugin = exports['default'] as Plugin
  return {
    value: plugin,
    problems: pluginProblems(exports).map((problem) => `Cannot load plugin "${file}": ${problem}`),
  }
}

function pluginProblems(exports: Readonly<Record<string, unknown>>): string[] {
  if (!('default' in exports)) {
    return [`found ${listed('export', Object.keys(exports))}, wanted a default export of { name, routes }`]
  }
  const plugin = exports['default']
  if (!isObject(plugin)) return [`its default export is ${describe(plugin)}, wanted { name, routes }`]
  return [...nameProblems(plugin), ...routesProblems(plugin), ...hookProblems(plugin)]
}

function nameProblems({ name }: Record<string, unknown>): string[] {
  if (typeof name === 'string' && /^[\w-]+$/.test(name)) return []
  const found = typeof name === 'string' ? JSON.stringify(name) : describe(name)
  return [`its name is ${found}, wanted letters, digits, "_" and "-"`]
}

function routesProblems({ routes }: Record<string, unknown>): string[] {
  return typeof routes === 'function' ? [] : [...readRoutes(routes).problems]
}

function hookProblems(plugin: Record<string, unknown>): string[] {
  return ['start', 'stop']
    .filter((hook) => plugin[hook] !== undefined && typeof plugin[hook] !== 'function')
    .map((hook) => `its ${hook} is ${describe(plugin[hook])}, wanted a function`)
}

/**
 * Checks the routes of a plugin.
 *
 * @param routes the plugin's `routes`, or the result of that function
 * @param plugin the name of the plugin
 * @param file names the module in problems
 */
export function checkRoutes(routes: unknown, plugin: string, file: string): Checked<PluginRoute[]> {
  const { value, problems } = readRoutes(routes)
  return {
    value: value.map((route) => ({ ...route, plugin, file })),
    problems: problems.map((problem) => `Cannot load plugin "${file}": ${problem}`),
  }
}

type BareRoute = Omit<PluginRoute, 'plugin' | 'file'>
type BareDefinition = Required<RouteDefinition>

function readRoutes(routes: unknown): Checked<BareRoute[]> {
  if (!isObject(routes) || routes instanceof Promise) {
    return { value: [], problems: [`its routes are ${describe(routes)}, wanted { "METHOD /path": handler }`] }
  }
  const value: BareRoute[] = []
  const problems: string[] = []
  for (const [key, definition] of Object.entries(routes)) {
    const route = readRoute(key, definition)
    if (typeof route === 'string') problems.push(route)
    else value.push(route)
  }
  return { value, problems }
}

/** @returns the route, or the message of its problem */
function readRoute(key: string, definition: unknown): BareRoute | string {
  try {
    return { ...parseRouteKey(key), ...readDefinition(key, definition) }
  } catch (error) {
    return (error as Error).message
  }
}

function readDefinition(key: string, definition: unknown): BareDefinition {
  if (typeof definition === 'function') return { handler: definition as Handler, inline: false, admin: false }
  if (!isObject(definition) || typeof definition['handler'] !== 'function') {
    throw new Error(`route "${key}" is ${describe(definition)}, wanted a function or { handler, inline, admin }`)
  }
  const { handler, inline = false, admin = false } = definition as unknown as RouteDefinition
  for (const [name, value] of Object.entries({ inline, admin })) {
    if (typeof value !== 'boolean') {
      throw new Error(`route "${key}" has an "${name}" that is ${describe(value)}, wanted true or false`)
    }
  }
  // Admin routes must answer while the thread pool is full.
  return { handler, inline: inline || admin, admin }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Describes a value without its content, because a string may be long, or secret. */
function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'an array'
  if (value instanceof Promise) return 'a promise'
  if (isObject(value)) return `an object with ${listed('key', Object.keys(value))}`
  return `a ${typeof value}`
}

const listed = (noun: string, names: readonly string[]): string =>
  names.length === 0 ? `no ${noun}` : `the ${noun}${names.length > 1 ? 's' : ''} ${names.join(', ')}`
