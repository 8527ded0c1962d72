/**
 * Whether a module is a plugin. Its author may write plain JavaScript, so that nothing is known of it; every problem
 * is a sentence with what was found and what was wanted.
 */
import { parseRouteKey } from '../../domain/routing/pattern.js'
import type { Handler, Plugin, RouteDefinition } from '../../ports/plugins/plugin.js'
import type { PluginRoute } from '../../ports/plugins/plugin-source.js'

/** What a module turned out to be; without problems it is what it should be. */
export interface Checked<T> {
  readonly value: T
  readonly problems: readonly string[]
}

/** @param exports the module's namespace */
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

/** @param routes what the plugin has as `routes`, or its function for them returned */
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

/** @returns the problem where it is no route */
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
  // It has to answer while a pool is full, too.
  return { handler, inline: inline || admin, admin }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** In words, without its content: a string may be long, or secret. */
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
