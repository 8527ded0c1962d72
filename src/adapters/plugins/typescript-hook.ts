/**
 * Lets Node import TypeScript where it cannot by itself (before 22.18): types are blanked out, so that lines and columns
 * stay what they are in the file. It is the transpiler that newer Node has inside, so that a plugin works on both or
 * on neither: what is more than types (`enum`, parameter properties) is refused.
 */
import { readFileSync } from 'node:fs'
import type { LoadHook } from 'node:module'
import { fileURLToPath } from 'node:url'
import { transformSync } from '@swc/wasm-typescript'

export const load: LoadHook = (url, context, nextLoad) => {
  if (!new URL(url).pathname.endsWith('.ts')) return nextLoad(url, context)
  return { format: 'module', shortCircuit: true, source: withoutTypes(fileURLToPath(url)) }
}

/** What the transpiler throws, which is no error. */
interface Diagnostic {
  readonly message: string
  readonly startLine: number
  readonly startColumn: number
}

function withoutTypes(file: string): string {
  try {
    return transformSync(readFileSync(file, 'utf8'), { mode: 'strip-only' }).code
  } catch (diagnostic) {
    const { message, startLine, startColumn } = diagnostic as Diagnostic
    throw new SyntaxError(`${file}:${startLine}:${startColumn + 1}: ${message}`)
  }
}
