/**
 * Lets Node import TypeScript in versions that do not support it (before 22.18). It uses the transpiler that newer
 * versions of Node contain, so that a plugin works in both or in neither.
 */
import type { LoadHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { blankTypes } from './blank-types.js'

/** The hook, in the form that Node wants. */
export const load: LoadHook = (url, context, nextLoad) =>
  new URL(url).pathname.endsWith('.ts')
    ? { format: 'module', shortCircuit: true, source: blankTypes(fileURLToPath(url)) }
    : nextLoad(url, context)
