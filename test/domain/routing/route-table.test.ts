import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { createSandbox } from 'sinon'

import { parsePattern, type Segment } from '../../../src/domain/routing/pattern.js'
import { duplicatesAmong, NO_PARAMS, RouteTable, type RouteEntry } from '../../../src/domain/routing/route-table.js'

/** Entries from `METHOD /pattern`, with that key as their value. */
const entries = (...keys: string[]): RouteEntry<string>[] =>
  keys.map((key) => {
    const [method, pattern] = key.split(' ') as [string, string]
    return { method, pattern, value: key }
  })

const tableOf = (...keys: string[]): RouteTable<string> => new RouteTable(entries(...keys))

const found = (table: RouteTable<string>, path: string, method = 'GET'): string | null =>
  table.match(path)?.route(method)?.value ?? null

const paramsOf = (pattern: string, path: string): object => ({
  ...tableOf(`GET ${pattern}`).match(path)!.route('GET')!.params(path),
})

/** All patterns with the given number of segments, each a literal or a parameter. */
const overlapping = (depth: number): string[] =>
  Array.from({ length: 2 ** depth }, (_, bits) => {
    const segments = Array.from({ length: depth }, (_, at) => ((bits >> at) & 1 ? `:p${at}` : 'a'))
    return `GET /${segments.join('/')}/end`
  })

describe('RouteTable', () => {
  const cases: [keys: string[], path: string, winner: string | null, rule: string][] = [
    [[], '/', null, 'an empty table matches nothing'],
    [['GET /'], '/', 'GET /', 'the root'],
    [['GET /a'], '/a/', null, 'a slash at the end makes another path'],
    [['GET /a/'], '/a', null, 'no slash at the end makes another path'],
    [['GET /a'], '/A', null, 'case matters'],
    [['GET /:x'], '/a', 'GET /:x', 'a parameter matches one segment'],
    [['GET /:x'], '/', null, 'a parameter does not match an empty segment'],
    [['GET /:x'], '/a/b', null, 'a parameter does not match two segments'],
    [['GET /:x/'], '/a/', 'GET /:x/', 'a slash after a parameter'],
    [['GET /a/*'], '/a/b/c', 'GET /a/*', 'the rest matches all further segments'],
    [['GET /a/*'], '/a/', 'GET /a/*', 'the rest may be one empty segment'],
    [['GET /a/*'], '/a', null, 'the rest matches at least one segment'],
    [['GET /*'], '/', 'GET /*', 'the rest of the root'],
    [['GET /:x', 'GET /a'], '/a', 'GET /a', 'a literal comes before a parameter'],
    [['GET /*', 'GET /:x'], '/a', 'GET /:x', 'a parameter comes before the rest'],
    [['GET /*', 'GET /a'], '/a', 'GET /a', 'a literal comes before the rest'],
    [['GET /:x/b', 'GET /a/:y'], '/a/b', 'GET /a/:y', 'the first segment that differs decides'],
    [['GET /:x/b', 'GET /a/c'], '/a/b', 'GET /:x/b', 'a literal without a match falls back to a parameter'],
    [['GET /a/*', 'GET /:x/b/:y'], '/a/b/c', 'GET /a/*', 'a literal comes first, even before a longer match'],
    [['GET /a/:x/c', 'GET /*'], '/a/b/d', 'GET /*', 'paths without another match fall back to the rest'],
    [['GET /a/:x/c/*', 'GET /a/*'], '/a/b/c/d', 'GET /a/:x/c/*', 'the longer of two nested rests'],
    [['GET /a//:x'], '/a//b', 'GET /a//:x', 'an empty literal segment'],
    [['GET /:x//b', 'GET /a/:y/b'], '/a//b', 'GET /:x//b', 'an empty segment is not a parameter'],
    [['GET /café/:x'], '/café/1', 'GET /café/:x', 'literals are compared in normal form'],
    [['GET /__proto__/:x'], '/constructor/1', null, 'names of Object.prototype are ordinary names'],
  ]
  for (const [keys, path, winner, rule] of cases) {
    it(`${rule}: ${path} among ${keys.join(', ')}`, () => {
      assert.equal(found(tableOf(...keys), path), winner)
      assert.equal(found(tableOf(...keys.toReversed()), path), winner, 'whatever the order of the routes')
    })
  }

  it('numbers routes from 1 in their order, and names them', () => {
    const table = tableOf('GET /a', 'POST /a', 'GET /:x')
    assert.deepEqual(table.names, ['GET /a', 'POST /a', 'GET /:x'])
    assert.equal(table.match('/a')!.route('POST')!.index, 2)
    assert.equal(table.match('/b')!.route('GET')!.index, 3)
  })

  it('lets HEAD follow GET, with its index', () => {
    const route = tableOf('POST /a', 'GET /a').match('/a')!.route('HEAD')!
    assert.deepEqual([route.value, route.index], ['GET /a', 2])
  })

  it('lets a route handle HEAD and OPTIONS', () => {
    const resource = tableOf('GET /a', 'HEAD /a', 'OPTIONS /a').match('/a')!
    assert.equal(resource.route('HEAD')!.value, 'HEAD /a')
    assert.equal(resource.route('OPTIONS')!.value, 'OPTIONS /a')
    assert.equal(resource.allow, 'GET, HEAD, OPTIONS')
  })

  it('has no route for a method that the most specific pattern lacks', () => {
    const resource = tableOf('GET /:x', 'POST /a').match('/a')!
    assert.isNull(resource.route('GET'))
    assert.isNull(resource.route('OPTIONS'))
    assert.equal(resource.allow, 'POST, OPTIONS')
  })

  it('treats patterns that differ only in parameter names as one resource', () => {
    const resource = tableOf('GET /a/:x', 'POST /a/:y').match('/a/1')!
    assert.equal(resource.allow, 'GET, HEAD, POST, OPTIONS')
    assert.deepEqual({ ...resource.route('POST')!.params('/a/1') }, { y: '1' })
  })

  it('knows the methods of HTTP and of its routes', () => {
    const table = tableOf('PROPFIND /a', 'GET /b')
    for (const method of ['GET', 'TRACE', 'PATCH', 'PROPFIND']) assert.isTrue(table.methods.has(method), method)
    for (const method of ['CONNECT', 'get', 'MKCOL']) assert.isFalse(table.methods.has(method), method)
    assert.equal(table.allMethods, 'GET, HEAD, PROPFIND, OPTIONS')
  })

  it('refuses two routes with the same method and equivalent patterns', () => {
    assert.throws(
      () => tableOf('GET /a/:x', 'GET /a/:y'),
      'Cannot route "GET /a/:x" and "GET /a/:y": they are the same',
    )
  })

  it('refuses parameters that overlap so much that a look-up could become slow', () => {
    assert.throws(() => tableOf(...overlapping(9)), /^Cannot compile the routes: .* over 1000 steps$/)
  })
})

describe('Route.params()', () => {
  const cases: [pattern: string, path: string, params: object, rule: string][] = [
    ['/:a/x/:b/y', '/1/x/2/y', { a: '1', b: '2' }, 'each parameter by its name'],
    ['/a/*', '/a/b/c', { '*': 'b/c' }, 'the rest under "*"'],
    ['/a/*', '/a/', { '*': '' }, 'an empty rest'],
    ['/:a/*', '/1//2/', { a: '1', '*': '/2/' }, 'empty segments in the rest'],
    ['/:a', '/b%2Fc%25', { a: 'b/c%' }, 'decoded whole'],
    ['/:a', '/%252F', { a: '%2F' }, 'decoded once'],
    ['/:a', '/%C3é', { a: '%C3é' }, 'octets that are not UTF-8 stay encoded'],
  ]
  for (const [pattern, path, params, rule] of cases) {
    it(`${rule}: ${pattern} of ${path}`, () => {
      assert.deepEqual(paramsOf(pattern, path), params)
    })
  }

  it('has no prototype, and treats "__proto__" as an ordinary name', () => {
    const params = tableOf('GET /:__proto__').match('/a')!.route('GET')!.params('/a')
    assert.isNull(Object.getPrototypeOf(params))
    assert.deepEqual(Object.entries(params), [['__proto__', 'a']])
  })

  it('is one constant for a path without parameters', () => {
    assert.strictEqual(tableOf('GET /a').match('/a')!.route('GET')!.params('/a'), NO_PARAMS)
  })
})

describe('duplicatesAmong()', () => {
  it('returns each repeated entry with the first entry that it repeats', () => {
    const [a, b, c, d] = entries('GET /a/:x', 'POST /a/:x', 'GET /a/:y', 'GET /%61/:z')
    assert.deepEqual(duplicatesAmong([a!, b!, c!, d!]), [
      [a!, c!],
      [a!, d!],
    ])
  })

  it('distinguishes a parameter from a literal that looks like one', () => {
    assert.deepEqual(
      duplicatesAmong(entries('GET /:a', 'GET /%3Aa', 'GET /:', 'GET /*', 'GET /%2A').toSpliced(2, 1)),
      [],
    )
  })
})

describe('RouteTable compared with the definition', () => {
  const RANK: Record<Segment['kind'], number> = { literal: 0, parameter: 1, rest: 2 }

  const fits = (pattern: readonly Segment[], path: readonly string[]): boolean =>
    (pattern.at(-1)?.kind === 'rest' ? path.length >= pattern.length : path.length === pattern.length) &&
    pattern.every((segment, at) =>
      segment.kind === 'literal' ? segment.text === path[at] : segment.kind === 'rest' || path[at] !== '',
    )

  const bySpecificity = (a: readonly Segment[], b: readonly Segment[]): number => {
    const at = a.findIndex((segment, i) => segment.kind !== b[i]!.kind)
    return at === -1 ? 0 : RANK[a[at]!.kind] - RANK[b[at]!.kind]
  }

  const naive = (patterns: readonly string[], path: string): string | null => {
    const segments = path.slice(1).split('/')
    const matching = patterns.filter((pattern) => fits(parsePattern(pattern), segments))
    return matching.sort((a, b) => bySpecificity(parsePattern(a), parsePattern(b)))[0] ?? null
  }

  const pattern = fc
    .tuple(fc.array(fc.constantFrom('a', 'b', '', ':x'), { maxLength: 4 }), fc.constantFrom([], ['*'], ['c']))
    .map(
      ([segments, end]) => `/${[...segments.map((each, at) => (each === ':x' ? `:x${at}` : each)), ...end].join('/')}`,
    )
  const path = fc
    .array(fc.constantFrom('a', 'b', 'c', 'd', ''), { maxLength: 6 })
    .map((segments) => `/${segments.join('/')}`)

  it('finds the same route as trying every pattern', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(pattern, { maxLength: 24 }),
        fc.array(path, { minLength: 1, maxLength: 20 }),
        (patterns, paths) => {
          const table = tableOf(...patterns.map((each) => `GET ${each}`))
          for (const each of paths) {
            assert.equal(table.match(each)?.route('GET')?.pattern ?? null, naive(patterns, each), each)
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})

describe('The cost of a look-up', () => {
  /** Every step is a look-up in a map. */
  function stepsOf(table: RouteTable<string>, path: string): number {
    const sandbox = createSandbox()
    const get = sandbox.spy(Map.prototype, 'get')
    try {
      table.match(path)
      return get.callCount
    } finally {
      sandbox.restore()
    }
  }

  const routes = (count: number): string[] =>
    Array.from({ length: count }, (_, i) => [
      `GET /literal/${i}`,
      `GET /s${i}/:id`,
      `GET /:a/t${i}/:b`,
      `GET /u/:a/${i}/*`,
    ]).flat()
  const few = tableOf(...routes(3), 'GET /v/:a/b')
  const many = tableOf(...routes(2500), 'GET /v/:a/b')

  const paths = [
    '/literal/1',
    '/literal/none',
    '/s1/a',
    '/s1/a/none',
    '/s1/t1/a',
    '/u/t1/2/a/b/c',
    '/u/t1/none',
    '/v/t2/none',
  ]
  for (const path of paths) {
    it(`does not grow with the number of routes: ${path}`, () => {
      assert.equal(stepsOf(many, path), stepsOf(few, path))
    })
  }

  it('is one step for a literal path', () => {
    assert.equal(stepsOf(many, '/literal/2499'), 1)
  })

  it('is bounded even where all patterns overlap', () => {
    assert.isAtMost(stepsOf(tableOf(...overlapping(8)), `${'/a'.repeat(8)}/none`), 1000)
  })

  it('is bounded by the deepest pattern, however long the path', () => {
    const table = tableOf('GET /:a/:b/c', 'GET /files/*')
    assert.isAtMost(stepsOf(table, '/a'.repeat(4000)), 1 + 4)
    assert.isAtMost(stepsOf(table, `/files${'/a'.repeat(4000)}`), 1 + 2)
  })
})
