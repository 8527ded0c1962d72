/**
 * Lets Node import TypeScript where it cannot by itself (before 22.18). The transpiler is the one that newer Node has
 * inside, so that a plugin works on both or on neither.
 */
import type { LoadHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { blankTypes } from './blank-types.js'

export const load: LoadHook = (url, context, nextLoad) =>
  new URL(url).pathname.endsWith('.ts')
    ? { format: 'module', shortCircuit: true, source: blankTypes(fileURLToPath(url)) }
    : nextLoad(url, context)
