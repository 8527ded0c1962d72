import { reasonOf } from './plugin-failure.js'

/** Where the server's own code is: in its compiled sources, or in the chunks beside them if it is bundled. */
const SERVER = ['../../', '../../../chunks/'].map((folder) => new URL(folder, import.meta.url).href)

/** Explains why a module could not be imported, with the place of the error where it is known. */
export async function importFailure(error: unknown, file: string): Promise<string> {
  if (!(error instanceof Error)) return reasonOf(error)
  if (isModuleSyntax(error)) return `${reasonOf(error)}; its package.json makes it CommonJS, wanted "type": "module"`
  if (error.message.includes(file)) return reasonOf(error)
  const place = placeOf(error)
  if (place !== null) return `${reasonOf(error)} (at ${place})`
  return error instanceof SyntaxError ? reasonOf(await located(error, file)) : reasonOf(error)
}

/** Tells whether Node has read a module as CommonJS, because its package says so, and refused its syntax. */
const isModuleSyntax = (error: Error): boolean =>
  error instanceof SyntaxError && /Unexpected token 'export'|outside a module/.test(error.message)

/** Finds the first place in the stack outside the server, above the call of `import()` in `readPlugin`. */
function placeOf({ stack = '' }: Error): string | null {
  const places = [...stack.split('readPlugin')[0]!.matchAll(/file:\/\/\S+?:\d+/g)].map(([place]) => place)
  const place = places.find((each) => !SERVER.some((folder) => each.startsWith(folder)))
  return place === undefined ? null : place.slice('file://'.length)
}

/**
 * Finds the place of a syntax error with the transpiler, because Node reports it only when the error ends the process.
 */
async function located(error: SyntaxError, file: string): Promise<unknown> {
  const { blankTypes } = await import('./blank-types.js')
  try {
    blankTypes(file)
    return error
  } catch (found) {
    return found
  }
}
