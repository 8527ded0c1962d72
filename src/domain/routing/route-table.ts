/**
 * Finds the route for a request; compiled once at start.
 *
 * A path whose pattern has only literals costs one look-up in a map and allocates nothing; other paths are looked up in
 * a tree. First, the path selects the resource: the most specific pattern wins (for each segment, literal before
 * parameter before rest). Then the method selects one of that resource's routes. A method that only a less specific
 * pattern has is therefore not allowed.
 */
import { KNOWN_METHODS } from '../message/method.js'
import { endOfSegment, PatternTree } from './pattern-tree.js'
import { parsePattern, shapeOf, type Segment } from './pattern.js'

/** An entry that becomes a route of the table. */
export interface RouteEntry<T> {
  readonly method: string
  readonly pattern: string
  readonly value: T
}

/** Path parameters by name, without a prototype. */
export type PathParams = Readonly<Record<string, string>>

/** The parameters of a route that has none. */
export const NO_PARAMS: PathParams = Object.freeze(Object.create(null) as Record<string, string>)

/** The name with index 0, for requests that match no route. */
export const UNMATCHED = '<unmatched>'

/** Maps paths to resources, and their methods to routes. */
export class RouteTable<T> {
  /** Such as `GET /users/:id`, in the order of the entries. */
  readonly names: readonly string[]
  /** The value of `Allow` for the server as a whole (`OPTIONS *`). */
  readonly allMethods: string
  /** All methods that are known to HTTP or used by any route. */
  readonly methods: ReadonlySet<string>
  private readonly literals = new Map<string, Resource<T>>()
  private readonly tree: PatternTree<Resource<T>>

  /**
   * @param entries become routes with consecutive indices, in this order
   * @param first the first index; for several tables whose routes are numbered together
   * @throws {Error} for a malformed pattern, and for two entries with the same method and equivalent patterns
   */
  constructor(entries: readonly RouteEntry<T>[], first = 1) {
    const [duplicate] = duplicatesAmong(entries)
    if (duplicate !== undefined) {
      throw new Error(`Cannot route "${duplicate.map(nameOf).join('" and "')}": they are the same`)
    }
    const routes = entries.map((entry, at) => new Route(entry, at + first))
    this.names = routes.map((route) => route.name)
    const routed = routes.map((route) => route.method)
    this.methods = new Set([...KNOWN_METHODS, ...routed])
    this.allMethods = allow(routed)
    const resources = resourcesOf(routes)
    for (const { segments, resource } of resources) {
      if (isLiteral(segments)) this.literals.set(`/${segments.map((segment) => segment.text).join('/')}`, resource)
    }
    this.tree = new PatternTree(resources.filter(({ segments }) => !isLiteral(segments)))
  }

  /**
   * Finds the resource for a path.
   *
   * @param path in normal form, beginning with `/`
   * @returns `null` when no pattern matches
   */
  match(path: string): Resource<T> | null {
    return this.literals.get(path) ?? this.tree.find(path)
  }
}

/** All routes with equivalent patterns: one for each method. */
export class Resource<T> {
  /** The value of `Allow` (RFC 9110 §10.2.1). */
  readonly allow: string
  private readonly byMethod: ReadonlyMap<string, Route<T>>

  constructor(routes: readonly Route<T>[]) {
    const byMethod = new Map(routes.map((route) => [route.method, route]))
    const get = byMethod.get('GET')
    // HEAD is GET without the content (RFC 9110 §9.3.2), unless it has a route of its own.
    if (get !== undefined && !byMethod.has('HEAD')) byMethod.set('HEAD', get)
    this.byMethod = byMethod
    this.allow = allow(byMethod.keys())
  }

  /** The route for a method; `null` when the method is not allowed, and for OPTIONS without a route of its own. */
  route(method: string): Route<T> | null {
    return this.byMethod.get(method) ?? null
  }
}

/** A route: a method, a pattern and the value to find. */
export class Route<T> {
  readonly method: string
  readonly pattern: string
  /** Method and pattern, for metrics and logs. */
  readonly name: string
  readonly value: T
  /** Consecutive, in the order of the entries. */
  readonly index: number
  readonly segments: readonly Segment[]
  /** The name of each segment up to the last parameter; `null` for a literal. */
  private readonly parameterNames: readonly (string | null)[]

  /** @throws {Error} for a malformed pattern */
  constructor(entry: RouteEntry<T>, index: number) {
    this.method = entry.method
    this.pattern = entry.pattern
    this.name = nameOf(entry)
    this.value = entry.value
    this.index = index
    this.segments = parsePattern(entry.pattern)
    const names = this.segments.map(parameterName)
    this.parameterNames = names.slice(0, names.findLastIndex((name) => name !== null) + 1)
  }

  /**
   * The parameters of a path that this route matches, fully decoded, including `%2F` and `%25`. Octets that are not
   * UTF-8 stay encoded.
   */
  params(path: string): PathParams {
    if (this.parameterNames.length === 0) return NO_PARAMS
    const params = Object.create(null) as Record<string, string>
    let from = 1
    for (const name of this.parameterNames) {
      const end = name === '*' ? path.length : endOfSegment(path, from)
      if (name !== null) params[name] = decoded(path.slice(from, end))
      from = end + 1
    }
    return params
  }
}

/**
 * Finds entries that repeat an earlier entry: with the same method, and a pattern that matches the same paths.
 *
 * @throws {Error} for a malformed pattern
 */
export function duplicatesAmong<T>(entries: readonly RouteEntry<T>[]): [first: RouteEntry<T>, second: RouteEntry<T>][] {
  const claimed = new Map<string, RouteEntry<T>>()
  return entries.flatMap((entry) => {
    const claim = `${entry.method} ${shapeOf(parsePattern(entry.pattern))}`
    const first = claimed.get(claim)
    if (first === undefined) claimed.set(claim, entry)
    return first === undefined ? [] : [[first, entry] as [RouteEntry<T>, RouteEntry<T>]]
  })
}

function resourcesOf<T>(routes: readonly Route<T>[]): { segments: readonly Segment[]; resource: Resource<T> }[] {
  const byShape = new Map<string, Route<T>[]>()
  for (const route of routes) {
    const shape = shapeOf(route.segments)
    byShape.set(shape, [...(byShape.get(shape) ?? []), route])
  }
  return [...byShape.values()].map((same) => ({ segments: same[0]!.segments, resource: new Resource(same) }))
}

const isLiteral = (segments: readonly Segment[]): segments is Extract<Segment, { kind: 'literal' }>[] =>
  segments.every((segment) => segment.kind === 'literal')

function parameterName(segment: Segment): string | null {
  if (segment.kind === 'literal') return null
  return segment.kind === 'parameter' ? segment.name : '*'
}

const nameOf = ({ method, pattern }: Pick<RouteEntry<unknown>, 'method' | 'pattern'>): string => `${method} ${pattern}`

/** Decodes in one pass, so that `%252F` becomes `%2F`. */
const decoded = (text: string): string =>
  text.includes('%') ? text.replace(/%(2F|25)/g, (escape) => (escape === '%25' ? '%' : '/')) : text

/** The value of `Allow`: GET implies HEAD, and every resource answers OPTIONS. */
function allow(methods: Iterable<string>): string {
  const named = new Set(methods)
  const first = named.has('GET') ? ['GET', 'HEAD'] : []
  named.delete('OPTIONS')
  return [...new Set([...first, ...named]), 'OPTIONS'].join(', ')
}
