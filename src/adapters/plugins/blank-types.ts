import { readFileSync } from 'node:fs'
import { transformSync } from '@swc/wasm-typescript'

/** The transpiler throws this object, which is not an `Error`. */
interface Diagnostic {
  readonly message: string
  readonly startLine: number
  readonly startColumn: number
}

/**
 * Replaces the types of a TypeScript module by blanks, so that lines and columns stay the same. TypeScript that is more
 * than types, such as `enum` and parameter properties, is refused.
 *
 * @returns the source as JavaScript
 * @throws {SyntaxError} naming file, line and column, each from 1; also for JavaScript
 */
export function blankTypes(file: string): string {
  try {
    return transformSync(readFileSync(file, 'utf8'), { mode: 'strip-only' }).code
  } catch (diagnostic) {
    const { message, startLine, startColumn } = diagnostic as Diagnostic
    throw new SyntaxError(`${message} (at ${file}:${startLine}:${startColumn + 1})`)
  }
}
