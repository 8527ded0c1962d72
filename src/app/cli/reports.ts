import type { EffectiveSetting, SettingsProblem } from '../../ports/operations/settings.js'
import { table } from './table.js'

/** One row of `portico routes`. */
export interface RouteListing {
  readonly method: string
  readonly pattern: string
  readonly plugin: string
  /** The file of the plugin. */
  readonly file: string
}

const shown = (value: unknown): string => (typeof value === 'string' && value !== '' ? value : JSON.stringify(value))

/** Formats the configuration in effect as a table. */
export function effectiveTable(effective: readonly EffectiveSetting[]): string {
  const rows = effective.map(({ key, value, absent, inUse, origin }) => [
    key,
    value === null ? `(${absent})` : shown(value),
    inUse === undefined ? origin : `${origin}; in use: ${inUse}`,
  ])
  return table([['KEY', 'VALUE', 'ORIGIN'], ...rows])
}

/** Formats the same as JSON: by key, an object with `value`, `origin` and, where it differs from the value, `inUse`. */
export function effectiveJson(effective: readonly EffectiveSetting[]): string {
  const byKey = Object.fromEntries(effective.map(({ key, value, inUse, origin }) => [key, { value, inUse, origin }]))
  return `${JSON.stringify(byKey, null, 2)}\n`
}

/** Formats routes as a table. */
export function routesTable(routes: readonly RouteListing[]): string {
  const rows = routes.map(({ method, pattern, plugin, file }) => [method, pattern, plugin, file])
  return table([['METHOD', 'PATTERN', 'PLUGIN', 'FILE'], ...rows])
}

/** Formats routes as JSON: a list of objects. */
export function routesJson(routes: readonly RouteListing[]): string {
  const listed = routes.map(({ method, pattern, plugin, file }) => ({ method, pattern, plugin, file }))
  return `${JSON.stringify(listed, null, 2)}\n`
}

/** Formats all problems of a configuration, each on its line. */
export function problemList(problems: readonly SettingsProblem[]): string {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const lines = problems.map(
    ({ key, found, wanted, origin }) => `  ${key}: found ${found}, wanted ${wanted} (${origin})\n`,
  )
  return `portico: Cannot use the configuration: found ${count}\n${lines.join('')}`
}
