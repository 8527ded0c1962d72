/** Conflicts between plugins that are each valid. Every conflict is one message. */
import { duplicatesAmong } from '../../domain/routing/route-table.js'
import type { LoadedPlugin, PluginRoute } from '../../ports/plugins/plugin-source.js'
import type { Settings } from '../../ports/operations/settings.js'

/** Finds plugins with the same name. */
export function nameConflicts(plugins: readonly LoadedPlugin[]): string[] {
  const owners = new Map<string, string>()
  return plugins.flatMap(({ name, file }) => {
    const owner = owners.get(name)
    if (owner === undefined) owners.set(name, file)
    return owner === undefined ? [] : [`Cannot load plugin "${file}": its name "${name}" is already used by "${owner}"`]
  })
}

/** Finds routes that match the same requests. */
export function routeConflicts(routes: readonly PluginRoute[]): string[] {
  const entries = routes.map((route) => ({ method: route.method, pattern: route.pattern, value: route }))
  return duplicatesAmong(entries).map(
    ([{ value: first }, { value: second }]) =>
      `Cannot load plugin "${second.file}": its route "${second.method} ${second.pattern}" is already defined by ` +
      `"${first.file}" as "${first.method} ${first.pattern}"`,
  )
}

/** The keys that configure shipped plugins, in place of a section. */
const OWN_KEYS: ReadonlyMap<string, string> = new Map([
  ['static', 'static'],
  ['acme', 'tls.acmeDirectory'],
])

/** Finds sections and names in the configuration that belong to no plugin. They are probably misspelled. */
export function settingsConflicts(
  { settings, without }: Settings['plugins'],
  shipped: readonly LoadedPlugin[],
  loaded: readonly LoadedPlugin[],
): string[] {
  const names = loaded.map(({ name }) => name)
  const shippedNames = shipped.map(({ name }) => name)
  return [
    ...Object.keys(settings)
      .filter((name) => OWN_KEYS.has(name) || !names.includes(name))
      .map((name) => sectionConflict(name, names)),
    ...without
      .filter((name) => !shippedNames.includes(name))
      .map((name) => `Cannot leave out plugin "${name}": wanted one of ${shippedNames.join(', ')} (plugins.without)`),
  ]
}

function sectionConflict(name: string, names: readonly string[]): string {
  const key = OWN_KEYS.get(name)
  if (key !== undefined)
    return `Cannot use section "plugins.settings.${name}": configure this plugin with the key "${key}"`
  return `Cannot use section "plugins.settings.${name}": no plugin has that name (loaded: ${names.join(', ')})`
}
