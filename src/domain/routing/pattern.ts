/**
 * Route patterns: `GET /users/:id/files/*`.
 *
 * A segment is a literal, a parameter (`:name`, which matches one segment that is not empty) or the rest (`*`, only at
 * the end, which matches one or more segments that may be empty). Literals are brought into the normal form of paths,
 * so that `/caf%c3%a9`, `/café` and `/%63af%C3%A9` are the same pattern. `%3A` and `%2A` stand for a literal colon and
 * asterisk.
 */
import { isToken } from '../octets/grammar.js'
import { KNOWN_METHODS } from '../message/method.js'
import { normalPath } from '../message/target.js'

/** A segment of a pattern. */
export type Segment =
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'parameter'; readonly name: string }
  | { readonly kind: 'rest' }

/** The parts of a route key: `METHOD /pattern`. */
export interface RouteKey {
  readonly method: string
  readonly pattern: string
}

/**
 * Reads a route key.
 *
 * @throws {Error} for anything but a method token, one space and a well-formed pattern
 */
export function parseRouteKey(key: string): RouteKey {
  const [method, pattern, ...more] = key.split(' ')
  if (method === undefined || pattern === undefined || more.length > 0) {
    throw new Error(`Cannot read route "${key}": wanted a method, one space and a path, such as "GET /users/:id"`)
  }
  checkMethod(key, method)
  try {
    parsePattern(pattern)
  } catch (error) {
    throw new Error(`Cannot read route "${key}": ${(error as Error).message}`, { cause: error })
  }
  return { method, pattern }
}

function checkMethod(key: string, method: string): void {
  const upper = method.toUpperCase()
  if (method !== upper && KNOWN_METHODS.has(upper)) {
    throw new Error(`Cannot read route "${key}": methods are case-sensitive, found "${method}", wanted "${upper}"`)
  }
  if (!isToken(method)) {
    throw new Error(`Cannot read route "${key}": its method is not a token`)
  }
  if (method === 'CONNECT')
    throw new Error(`Cannot read route "${key}": CONNECT asks for a proxy, not an origin server`)
}

/**
 * Reads a pattern.
 *
 * @throws {Error} for a path that is not absolute, a misplaced `*`, an invalid or repeated name, or a broken escape
 */
export function parsePattern(pattern: string): readonly Segment[] {
  if (!pattern.startsWith('/')) throw patternError(pattern, 'it does not begin with "/"')
  const misfit = /[\s?#\\]/.exec(pattern)
  if (misfit !== null) throw patternError(pattern, `a path has no ${JSON.stringify(misfit[0])} unless percent-encoded`)
  const texts = pattern.slice(1).split('/')
  const segments = texts.map((text, at) => parseSegment(pattern, text, at === texts.length - 1))
  checkNames(pattern, segments)
  return segments
}

function parseSegment(pattern: string, text: string, isLast: boolean): Segment {
  if (text === '*' && isLast) return { kind: 'rest' }
  if (text === '*') throw patternError(pattern, '"*" stands for the rest of a path, so that nothing can follow it')
  if (text.includes('*')) throw patternError(pattern, '"*" stands alone in its segment; "%2A" is a literal asterisk')
  if (text.startsWith(':')) return { kind: 'parameter', name: parameterName(pattern, text.slice(1)) }
  return { kind: 'literal', text: normalSegment(pattern, text) }
}

function parameterName(pattern: string, name: string): string {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return name
  throw patternError(
    pattern,
    `":${name}" is no parameter: wanted a name of letters, digits and "_"; "%3A" is a literal colon`,
  )
}

function normalSegment(pattern: string, text: string): string {
  const normal = normalTextOf(pattern, text)
  if (normal !== '' || text === '') return normal
  throw patternError(pattern, `the dot segment "${text}" never occurs in a path, which is normalised first`)
}

function normalTextOf(pattern: string, text: string): string {
  try {
    return normalPath(`/${text.replace(/[^\x21-\x7e]+/g, encodeURIComponent)}`).slice(1)
  } catch {
    throw patternError(pattern, `"${text}" is not percent-encoded UTF-8 without NUL`)
  }
}

function checkNames(pattern: string, segments: readonly Segment[]): void {
  const names = segments.flatMap((segment) => (segment.kind === 'parameter' ? [segment.name] : []))
  const repeated = names.find((name, at) => names.indexOf(name) !== at)
  if (repeated !== undefined) throw patternError(pattern, `two parameters are named "${repeated}"`)
}

const patternError = (pattern: string, reason: string): Error =>
  new Error(`Cannot read pattern "${pattern}": ${reason}`)

/** A key that is equal for patterns that match the same paths, whatever the names of their parameters. */
export function shapeOf(segments: readonly Segment[]): string {
  return segments.map(shapeOfSegment).join('/')
}

function shapeOfSegment(segment: Segment): string {
  // The equals sign distinguishes a literal ":" from a parameter.
  if (segment.kind === 'literal') return `=${segment.text}`
  return segment.kind === 'parameter' ? ':' : '*'
}
