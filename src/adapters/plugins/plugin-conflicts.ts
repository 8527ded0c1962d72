/** What plugins that are well formed each by itself cannot be together; each conflict is a sentence. */
import { duplicatesAmong } from '../../domain/routing/route-table.js'
import type { LoadedPlugin, PluginRoute } from '../../ports/plugins/plugin-source.js'
import type { Settings } from '../../ports/operations/settings.js'

export function nameConflicts(plugins: readonly LoadedPlugin[]): string[] {
  const owners = new Map<string, string>()
  return plugins.flatMap(({ name, file }) => {
    const owner = owners.get(name)
    if (owner === undefined) owners.set(name, file)
    return owner === undefined ? [] : [`Cannot load plugin "${file}": "${owner}" has its name "${name}" already`]
  })
}

export function routeConflicts(routes: readonly PluginRoute[]): string[] {
  const entries = routes.map((route) => ({ method: route.method, pattern: route.pattern, value: route }))
  return duplicatesAmong(entries).map(
    ([{ value: first }, { value: second }]) =>
      `Cannot load plugin "${second.file}": its route "${second.method} ${second.pattern}" is claimed by "${first.file}" ` +
      `as "${first.method} ${first.pattern}"`,
  )
}

/** Shipped plugins whose configuration has a place of its own. */
const ELSEWHERE: ReadonlyMap<string, string> = new Map([
  ['static', 'static'],
  ['acme', 'tls.acmeDirectory'],
])

/** Sections and names in the configuration that belong to no plugin, most likely misspelt. */
export function settingsConflicts(
  { settings, without }: Settings['plugins'],
  shipped: readonly LoadedPlugin[],
  loaded: readonly LoadedPlugin[],
): string[] {
  const names = loaded.map(({ name }) => name)
  const shippedNames = shipped.map(({ name }) => name)
  return [
    ...Object.keys(settings)
      .filter((name) => ELSEWHERE.has(name) || !names.includes(name))
      .map((name) => sectionConflict(name, names)),
    ...without
      .filter((name) => !shippedNames.includes(name))
      .map((name) => `Cannot leave out plugin "${name}": wanted one of ${shippedNames.join(', ')}`),
  ]
}

function sectionConflict(name: string, names: readonly string[]): string {
  const place = ELSEWHERE.get(name)
  if (place !== undefined) return `Cannot use section "plugins.settings.${name}": its place is "${place}"`
  return `Cannot use section "plugins.settings.${name}": no plugin has that name, loaded are ${names.join(', ')}`
}
