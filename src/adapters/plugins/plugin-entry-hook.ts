/**
 * Lets a plugin import `portico/plugin` from any folder: it gets the file of the server that runs it, so that there
 * is one copy, whatever is installed where the plugin lies.
 */
import type { ResolveHook } from 'node:module'

const ENTRY = new URL('../../plugin.js', import.meta.url).href

export const resolve: ResolveHook = (specifier, context, nextResolve) =>
  specifier === 'portico/plugin' ? { url: ENTRY, shortCircuit: true } : nextResolve(specifier, context)
