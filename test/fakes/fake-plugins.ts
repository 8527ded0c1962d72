import { parseRouteKey } from '../../src/domain/routing/pattern.js'
import type { Handler, Plugin, RouteDefinition, SharedContext } from '../../src/ports/plugins/plugin.js'
import type {
  LoadedPlugin,
  PluginError,
  PluginRoute,
  Plugins,
  PluginSource,
} from '../../src/ports/plugins/plugin-source.js'
import type { Settings } from '../../src/ports/operations/settings.js'

class FakePluginError extends Error implements PluginError {
  override readonly name = 'PluginError'
  constructor(readonly problems: readonly string[]) {
    super(problems.join('\n'))
  }
}

/** A source of the given plugins, which it does not check. */
export class FakePlugins implements PluginSource {
  constructor(private readonly plugins: readonly Plugin[]) {}

  load(settings: Pick<Settings, 'plugins' | 'static'>): Promise<Plugins> {
    const loaded = this.plugins.map((plugin) => ({
      name: plugin.name,
      file: `/fake/${plugin.name}.js`,
      shipped: false,
      plugin,
    }))
    return Promise.resolve(new FakeLife(loaded, settings.plugins.settings))
  }
}

class FakeLife implements Plugins {
  readonly replaced = []
  private started: LoadedPlugin[] = []

  constructor(
    readonly loaded: readonly LoadedPlugin[],
    private readonly sections: Settings['plugins']['settings'],
  ) {}

  async start(shared: SharedContext): Promise<readonly PluginRoute[]> {
    const routes: PluginRoute[] = []
    try {
      for (const each of this.loaded) {
        const context = {
          ...shared,
          log: shared.log.with({ plugin: each.name }),
          settings: this.sections[each.name] ?? {},
        }
        await each.plugin.start?.(context)
        this.started.push(each)
        const made = typeof each.plugin.routes === 'function' ? each.plugin.routes(context) : each.plugin.routes
        routes.push(...Object.entries(made).map(([key, definition]) => routeOf(each, key, definition)))
      }
      return routes
    } catch (error) {
      throw new FakePluginError([...problems(this.loaded[this.started.length], error), ...(await this.stopAll())])
    }
  }

  async stop(): Promise<void> {
    const found = await this.stopAll()
    if (found.length > 0) throw new FakePluginError(found)
  }

  private async stopAll(): Promise<string[]> {
    const found: string[] = []
    for (const each of this.started.splice(0).reverse()) {
      await Promise.resolve()
        .then(() => each.plugin.stop?.())
        .catch((error: unknown) => found.push(...problems(each, error)))
    }
    return found
  }
}

function routeOf({ name, file }: LoadedPlugin, key: string, definition: Handler | RouteDefinition): PluginRoute {
  const {
    handler,
    inline = false,
    admin = false,
  } = typeof definition === 'function' ? { handler: definition } : definition
  return { ...parseRouteKey(key), handler, inline: inline || admin, admin, plugin: name, file }
}

const problems = (loaded: LoadedPlugin | undefined, error: unknown): string[] => [
  `${loaded?.name ?? ''}: ${String(error)}`,
]
