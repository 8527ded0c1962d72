import { reasonOf } from './plugin-failure.js'

const SERVER = new URL('../../', import.meta.url).href
const LOADER = new URL('.', import.meta.url).href

/** Why a module could not be imported, and where in it as far as that can be told. */
export async function importFailure(error: unknown, file: string): Promise<string> {
  if (!(error instanceof Error)) return reasonOf(error)
  if (isModuleSyntax(error)) return `${reasonOf(error)}; its package.json makes it CommonJS: wanted "type": "module"`
  if (error.message.includes(file)) return reasonOf(error)
  const place = placeOf(error)
  if (place !== null) return `${reasonOf(error)} (at ${place})`
  return error instanceof SyntaxError ? reasonOf(await located(error, file)) : reasonOf(error)
}

/** Node takes a module for CommonJS where a package says so, and then complains of a token. */
const isModuleSyntax = (error: Error): boolean =>
  error instanceof SyntaxError && /Unexpected token 'export'|outside a module/.test(error.message)

/** The first place in the stack that is not the server's own; who called the loader is of no interest. */
function placeOf({ stack = '' }: Error): string | null {
  const places = [...stack.split(LOADER)[0]!.matchAll(/file:\/\/\S+?:\d+/g)].map(([place]) => place)
  const place = places.find((each) => !each.startsWith(SERVER))
  return place === undefined ? null : place.slice('file://'.length)
}

/** Node tells the place of an error of syntax only when it dies of it; the transpiler finds it again. */
async function located(error: SyntaxError, file: string): Promise<unknown> {
  const { blankTypes } = await import('./blank-types.js')
  try {
    blankTypes(file)
    return error
  } catch (found) {
    return found
  }
}
