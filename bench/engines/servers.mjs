/** The servers that the parts compare. */
import { join } from 'node:path'
import { porticoWith } from '../server.mjs'

export const SELECTORS = 'selectors'
export const THREADPOOL = 'threadpool'
export const ENGINES = [SELECTORS, THREADPOOL]

const QUIET = 'log.access=false'
const PLUGINS = join(import.meta.dirname, '..', 'plugins')

/** Makes a startable of Portico with the shipped plugins. */
export function shipped({ engine, placement, flags }) {
  return porticoWith({ name: engine, placement, settings: [QUIET, `engine=${engine}`], flags })
}

/**
 * Makes a startable of Portico with the computing plugin.
 *
 * @param turns the amount of work of its heavy route
 * @param settings further settings `KEY=VALUE`, as for `--set`
 */
export function computing({ name, engine, placement, turns, settings = [], flags }) {
  const section = `plugins.settings=${JSON.stringify({ computing: { turns } })}`
  const own = [QUIET, `engine=${engine}`, `plugins.directory=${PLUGINS}`, section]
  return porticoWith({ name: name ?? engine, placement, settings: [...own, ...settings], flags })
}
