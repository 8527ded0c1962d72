/** Changes how this process imports modules, where a plugin could not be imported otherwise; once, and for good. */
import module, { createRequire, type LoadHook, type ResolveHook } from 'node:module'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const ENTRY = fileURLToPath(new URL('../../plugin.js', import.meta.url))

/** What Node has since 22.15, in the same thread; before, hooks have a thread of their own. */
type RegisterHooks = (hooks: { resolve?: ResolveHook; load?: LoadHook }) => void

const registered = new Set<string>()

/** @param files the modules that are about to be imported from a folder */
export async function prepareImports(folder: string, files: readonly string[]): Promise<void> {
  if (!reachesEntry(folder)) await register('./plugin-entry-hook.js')
  if (!hasTypeScript() && files.some((file) => file.endsWith('.ts'))) await register('./typescript-hook.js')
}

/** Whether modules of the folder get our `portico/plugin` by the ordinary rules. */
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
