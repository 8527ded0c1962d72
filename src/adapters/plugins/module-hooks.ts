/**
 * Hooks into the import of modules, for plugins that cannot be imported otherwise. A hook is registered once and stays.
 */
import module, { createRequire, type LoadHook, type ResolveHook } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ENTRY = fileURLToPath(new URL('../../plugin.js', import.meta.url))

/** Node 22.15 and later run hooks in the same thread. Earlier versions run them in a separate thread. */
type RegisterHooks = (hooks: { resolve?: ResolveHook; load?: LoadHook }) => void

const registered = new Set<string>()

/**
 * Registers the hooks that the plugins of a folder need.
 *
 * @param files the modules that will be imported from the folder
 */
export async function prepareImports(folder: string, files: readonly string[]): Promise<void> {
  if (!reachesEntry(folder)) await register('./plugin-entry-hook.js')
  if (!hasTypeScript() && files.some((file) => file.endsWith('.ts'))) await register('./typescript-hook.js')
}

/** Tells whether the usual rules resolve `portico/plugin` in this folder to the running server. */
function reachesEntry(folder: string): boolean {
  try {
    return createRequire(join(folder, 'plugin.js')).resolve('portico/plugin') === ENTRY
  } catch {
    return false
  }
}

const hasTypeScript = (): boolean => Boolean((process.features as { typescript?: string | false }).typescript)

async function register(hook: string): Promise<void> {
  if (registered.has(hook)) return
  registered.add(hook)
  const { registerHooks } = module as { registerHooks?: RegisterHooks }
  const url = new URL(hook, import.meta.url).href
  if (registerHooks === undefined) module.register(url)
  else registerHooks((await import(url)) as Parameters<RegisterHooks>[0])
}
