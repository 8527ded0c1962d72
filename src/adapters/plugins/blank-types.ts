import { readFileSync } from 'node:fs'
import { transformSync } from '@swc/wasm-typescript'

/** What the transpiler throws, which is no error. */
interface Diagnostic {
  readonly message: string
  readonly startLine: number
  readonly startColumn: number
}

/**
 * A module's source with blanks where types were, so that lines and columns stay. What is more than types (`enum`,
 * parameter properties) is refused.
 *
 * @throws {SyntaxError} naming file, line and column, each from 1; for JavaScript too
 */
export function blankTypes(file: string): string {
  try {
    return transformSync(readFileSync(file, 'utf8'), { mode: 'strip-only' }).code
  } catch (diagnostic) {
    const { message, startLine, startColumn } = diagnostic as Diagnostic
    throw new SyntaxError(`${message} (at ${file}:${startLine}:${startColumn + 1})`)
  }
}
