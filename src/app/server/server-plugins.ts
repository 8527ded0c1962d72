import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { SharedContext } from '../../ports/plugins/plugin.js'
import type { LoadedPlugin, PluginRoute, Plugins, PluginSource } from '../../ports/plugins/plugin-source.js'

/** The plugins of a server, from their load to their stop. */
export class ServerPlugins {
  private plugins: Plugins | null = null

  /** @param stopTimeoutMs how long all plugins together may take to stop */
  constructor(
    private readonly source: PluginSource,
    private readonly clock: Clock,
    private readonly log: EventLog,
    private readonly stopTimeoutMs: number,
  ) {}

  /** The shipped plugins that the user's plugins replaced. */
  get replaced(): readonly LoadedPlugin[] {
    return this.plugins?.replaced ?? []
  }

  /**
   * Loads and starts the plugins.
   *
   * @returns their routes
   * @throws {PluginError} when a plugin is broken or cannot start; none is left running
   */
  async start(settings: Settings, context: SharedContext): Promise<readonly PluginRoute[]> {
    this.plugins = await this.source.load(settings)
    return this.plugins.start(context)
  }

  /** Stops the plugins. An error is only logged, as is a plugin that takes too long: neither may hold up the end. */
  async stop(): Promise<void> {
    let timer: Stoppable | null = null
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`Cannot stop the plugins: they took longer than ${this.stopTimeoutMs} ms`)
      timer = this.clock.after(this.stopTimeoutMs, () => reject(error))
    })
    try {
      await Promise.race([this.plugins?.stop(), late])
    } catch (error) {
      this.log.error('plugin stop failed', { error })
    } finally {
      timer!.stop()
    }
  }
}
