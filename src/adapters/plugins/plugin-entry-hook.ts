/**
 * Lets a plugin import `portico/plugin` from any folder. It always resolves to the running server, so that only one
 * copy is loaded, whichever version is installed beside the plugin.
 */
import type { ResolveHook } from 'node:module'

const ENTRY = new URL('../../plugin.js', import.meta.url).href

/** The hook, in the form that Node wants. */
export const resolve: ResolveHook = (specifier, context, nextResolve) =>
  specifier === 'portico/plugin' ? { url: ENTRY, shortCircuit: true } : nextResolve(specifier, context)
