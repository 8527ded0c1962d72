import { fileURLToPath } from 'node:url'
import type { PluginContext } from '../../ports/plugins/plugin.js'
import type { LoadedPlugin, PluginRoute, Plugins, PluginSource } from '../../ports/plugins/plugin-source.js'
import type { Settings } from '../../ports/operations/settings.js'
import { nameConflicts, routeConflicts, settingsConflicts } from './plugin-conflicts.js'
import { refuse } from './plugin-failure.js'
import { checkRoutes } from './plugin-shape.js'
import { readFolder } from './read-folder.js'
import { StartedPlugins } from './started-plugins.js'

type PluginSettings = Pick<Settings, 'plugins' | 'static' | 'tls'>

const SHIPPED = fileURLToPath(new URL('../../../plugins', import.meta.url))

/** Shipped plugins that are loaded in addition to the plugins of the user's folder. */
const ALWAYS: readonly string[] = ['acme', 'dashboard', 'health', 'metrics', 'static']

/** Loads plugins from folders: the shipped plugins, and the plugins of the user's folder. */
export class FolderPlugins implements PluginSource {
  /** @param shippedFolder the folder of the shipped plugins */
  constructor(private readonly shippedFolder: string = SHIPPED) {}

  async load(settings: PluginSettings): Promise<Plugins> {
    const { directory, without } = settings.plugins
    const shipped = await readFolder(this.shippedFolder, true)
    const own = directory === null ? { value: [], problems: [] } : await readFolder(directory, false)
    const kept = shipped.value.filter(
      ({ name }) => !without.includes(name) && (directory === null || ALWAYS.includes(name)),
    )
    const isReplaced = ({ name }: LoadedPlugin): boolean => own.value.some((each) => each.name === name)
    const loaded = [...kept.filter((each) => !isReplaced(each)), ...own.value]
    const broken = [...shipped.problems, ...own.problems]
    // After a failure, a section without a plugin may belong to the plugin that could not be read.
    const conflicts = broken.length > 0 ? [] : settingsConflicts(settings.plugins, shipped.value, loaded)
    refuse([...broken, ...nameConflicts(loaded), ...routeConflicts(loaded.flatMap(staticRoutes)), ...conflicts])
    return new StartedPlugins(loaded, kept.filter(isReplaced), (name) => sectionOf(settings, name))
  }
}

/** Lists the routes of a plugin that are known before it starts. */
const staticRoutes = ({ plugin, name, file }: LoadedPlugin): PluginRoute[] =>
  typeof plugin.routes === 'function' ? [] : checkRoutes(plugin.routes, name, file).value

const NO_SETTINGS: PluginContext['settings'] = Object.freeze({})

function sectionOf(settings: PluginSettings, name: string): PluginContext['settings'] {
  if (name === 'static') return { ...settings.static }
  if (name === 'acme') return { directory: settings.tls.acmeDirectory }
  return Object.hasOwn(settings.plugins.settings, name) ? settings.plugins.settings[name]! : NO_SETTINGS
}
