import type { PlacedHandler } from '../serving/engine.js'
import type { Plugin, SharedContext } from './plugin.js'
import type { Settings } from '../operations/settings.js'

/** Why plugins cannot be loaded, started or stopped. */
export interface PluginError extends Error {
  readonly name: 'PluginError'
  /** All problems, each with the plugin's file. `message` holds them too. */
  readonly problems: readonly string[]
}

/** A plugin that was read and is well formed. */
export interface LoadedPlugin {
  readonly name: string
  /** The file that it was read from, as an absolute path. */
  readonly file: string
  /** Whether it is part of the server's package. */
  readonly shipped: boolean
  readonly plugin: Plugin
}

/** A route as the server runs it. */
export interface PluginRoute extends PlacedHandler {
  /** The plugin's name. */
  readonly plugin: string
  /** The plugin's file. */
  readonly file: string
  /** Whether it is an admin route: it answers on the listener that `admin.listener` selects. */
  readonly admin: boolean
}

/** The plugins of one server, from their start to their stop. */
export interface Plugins {
  /** In the order in which they start: shipped plugins first, then the user's, each group by file name. */
  readonly loaded: readonly LoadedPlugin[]
  /** Shipped plugins that are not loaded, because a plugin of the user has the same name. */
  readonly replaced: readonly LoadedPlugin[]
  /**
   * Starts one plugin after the other, then reads their routes. Called once.
   *
   * @returns all routes in the order of the plugins; no two of them claim the same requests
   * @throws {PluginError} when a plugin cannot start, or a route is malformed or claimed twice; the plugins that had
   *   started are stopped by then
   */
  start(context: SharedContext): Promise<readonly PluginRoute[]>
  /**
   * Stops the plugins that have started, in reverse order.
   *
   * @throws {PluginError} after all were stopped, with the errors of the plugins that failed to stop
   */
  stop(): Promise<void>
}

/** Loads plugins. */
export interface PluginSource {
  /**
   * Reads the plugins that the settings ask for: all shipped plugins, or the user's folder together with the shipped
   * plugins `acme`, `dashboard`, `health`, `metrics` and `static`.
   *
   * @throws {PluginError} with all problems at once
   */
  load(settings: Pick<Settings, 'plugins' | 'static' | 'tls'>): Promise<Plugins>
}
