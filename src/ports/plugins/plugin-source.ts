import type { PlacedHandler } from '../serving/engine.js'
import type { Plugin, SharedContext } from './plugin.js'
import type { Settings } from '../operations/settings.js'

/** Why plugins cannot be loaded, started or stopped. */
export interface PluginError extends Error {
  readonly name: 'PluginError'
  /** Everything that is wrong, each with the plugin's file; `message` holds them all. */
  readonly problems: readonly string[]
}

/** A plugin that was read and found well formed. */
export interface LoadedPlugin {
  readonly name: string
  /** Where it was read from, an absolute path. */
  readonly file: string
  /** Whether it came with the server. */
  readonly shipped: boolean
  readonly plugin: Plugin
}

/** A route as the server runs it. */
export interface PluginRoute extends PlacedHandler {
  /** The plugin's name. */
  readonly plugin: string
  /** The plugin's file. */
  readonly file: string
  /** Whether it answers only where the settings have what is for who looks after the server. */
  readonly admin: boolean
}

/** The plugins of one server, from their start to their stop. */
export interface Plugins {
  /** In the order they start in: shipped ones first, then the user's, each by file name. */
  readonly loaded: readonly LoadedPlugin[]
  /** Shipped plugins that are not loaded since one of the user's has their name. */
  readonly replaced: readonly LoadedPlugin[]
  /**
   * Starts each in turn, and asks for their routes when all have started. Called once.
   *
   * @returns all routes, no two of which claim the same, in the order of the plugins
   * @throws {PluginError} when one cannot start, or routes are malformed or claimed twice; those that had started are
   *   stopped by then
   */
  start(context: SharedContext): Promise<readonly PluginRoute[]>
  /**
   * Stops those that started, the last one first.
   *
   * @throws {PluginError} after all were asked, with the errors of those that failed
   */
  stop(): Promise<void>
}

/** Where plugins come from. */
export interface PluginSource {
  /**
   * Reads the plugins that the settings ask for: all shipped ones, or those of the user's folder beside the shipped
   * `acme`, `dashboard`, `health`, `metrics` and `static`.
   *
   * @throws {PluginError} with everything that is wrong at once
   */
  load(settings: Pick<Settings, 'plugins' | 'static' | 'tls'>): Promise<Plugins>
}
