import type { EffectiveSetting, SettingsProblem } from '../../ports/operations/settings.js'
import { table } from './table.js'

/** One route, as `portico routes` lists it. */
export interface RouteListing {
  readonly method: string
  readonly pattern: string
  readonly plugin: string
  /** Where the plugin was loaded from. */
  readonly file: string
}

const shown = (value: unknown): string => (typeof value === 'string' && value !== '' ? value : JSON.stringify(value))

/** The configuration in effect, for people. */
export function effectiveTable(effective: readonly EffectiveSetting[]): string {
  const rows = effective.map(({ key, value, absent, inUse, origin }) => [
    key,
    value === null ? `(${absent})` : shown(value),
    inUse === undefined ? origin : `${origin}; in use: ${inUse}`,
  ])
  return table([['KEY', 'VALUE', 'ORIGIN'], ...rows])
}

/** The same for programs: an object by key, each with `value` and `origin`, and `inUse` where that tells more. */
export function effectiveJson(effective: readonly EffectiveSetting[]): string {
  const byKey = Object.fromEntries(effective.map(({ key, value, inUse, origin }) => [key, { value, inUse, origin }]))
  return `${JSON.stringify(byKey, null, 2)}\n`
}

export function routesTable(routes: readonly RouteListing[]): string {
  const rows = routes.map(({ method, pattern, plugin, file }) => [method, pattern, plugin, file])
  return table([['METHOD', 'PATTERN', 'PLUGIN', 'FILE'], ...rows])
}

/** The same for programs: a list of objects. */
export function routesJson(routes: readonly RouteListing[]): string {
  const listed = routes.map(({ method, pattern, plugin, file }) => ({ method, pattern, plugin, file }))
  return `${JSON.stringify(listed, null, 2)}\n`
}

/** Everything that is wrong, one line each. */
export function problemList(problems: readonly SettingsProblem[]): string {
  const many = problems.length === 1 ? '1 problem' : `${problems.length} problems`
  const lines = problems.map(
    ({ key, found, wanted, origin }) => `  ${key}: found ${found}, wanted ${wanted} (${origin})\n`,
  )
  return `portico: Cannot use the configuration: found ${many}\n${lines.join('')}`
}
