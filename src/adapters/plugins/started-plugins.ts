import type { PluginContext, Routes, SharedContext } from '../../ports/plugins/plugin.js'
import type { LoadedPlugin, PluginRoute, Plugins } from '../../ports/plugins/plugin-source.js'
import { routeConflicts } from './plugin-conflicts.js'
import { PluginFailure, reasonOf, refuse } from './plugin-failure.js'
import { checkRoutes } from './plugin-shape.js'

/** Starts and stops the plugins of a server. */
export class StartedPlugins implements Plugins {
  private started: LoadedPlugin[] = []

  /**
   * @param replaced shipped plugins that a plugin of the user with the same name replaces
   * @param sectionOf reads the configuration of a plugin by its name
   */
  constructor(
    readonly loaded: readonly LoadedPlugin[],
    readonly replaced: readonly LoadedPlugin[],
    private readonly sectionOf: (name: string) => PluginContext['settings'],
  ) {}

  async start(shared: SharedContext): Promise<readonly PluginRoute[]> {
    const contexts = this.loaded.map(({ name }) => this.contextOf(name, shared))
    try {
      for (const [at, plugin] of this.loaded.entries()) await this.startOne(plugin, contexts[at]!)
      return routesOf(this.loaded, contexts)
    } catch (error) {
      throw new PluginFailure([...(error as PluginFailure).problems, ...(await this.stopAll())])
    }
  }

  async stop(): Promise<void> {
    refuse(await this.stopAll())
  }

  private contextOf(name: string, shared: SharedContext): PluginContext {
    return { ...shared, log: shared.log.with({ plugin: name }), settings: this.sectionOf(name) }
  }

  private async startOne(loaded: LoadedPlugin, context: PluginContext): Promise<void> {
    try {
      await loaded.plugin.start?.(context)
      this.started.push(loaded)
    } catch (error) {
      throw new PluginFailure([problemOf('start', loaded, error)])
    }
  }

  /** Stops all started plugins, in reverse order, even if some of them fail. Returns the problems. */
  private async stopAll(): Promise<string[]> {
    const stopping = this.started.toReversed()
    this.started = []
    const problems: string[] = []
    for (const loaded of stopping) {
      try {
        await loaded.plugin.stop?.()
      } catch (error) {
        problems.push(problemOf('stop', loaded, error))
      }
    }
    return problems
  }
}

/**
 * Collects the routes of all plugins.
 *
 * @throws {PluginFailure} for routes that are missing, malformed or defined twice
 */
function routesOf(plugins: readonly LoadedPlugin[], contexts: readonly PluginContext[]): readonly PluginRoute[] {
  const checked = plugins.map((loaded, at) => {
    try {
      return checkRoutes(madeRoutes(loaded, contexts[at]!), loaded.name, loaded.file)
    } catch (error) {
      return { value: [], problems: [problemOf('get the routes of', loaded, error)] }
    }
  })
  const routes = checked.flatMap(({ value }) => value)
  refuse([...checked.flatMap(({ problems }) => problems), ...routeConflicts(routes)])
  return routes
}

const madeRoutes = ({ plugin }: LoadedPlugin, context: PluginContext): Routes =>
  typeof plugin.routes === 'function' ? plugin.routes(context) : plugin.routes

const problemOf = (verb: string, { name, file }: LoadedPlugin, error: unknown): string =>
  `Cannot ${verb} plugin "${name}" in "${file}": ${reasonOf(error)}`
