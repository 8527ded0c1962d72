import { assert } from 'chai'
import { describe, it } from 'mocha'

import { parsePattern, parseRouteKey, shapeOf } from '../../../src/domain/routing/pattern.js'

describe('parsePattern()', () => {
  const shapes: [pattern: string, shape: string, rule: string][] = [
    ['/', '=', 'the root is one empty segment'],
    ['/a/b', '=a/=b', 'literals'],
    ['/a/', '=a/=', 'a slash at the end begins an empty segment'],
    ['/a//b', '=a/=/=b', 'an empty segment'],
    ['/:a/:b', ':/:', 'parameters of any name'],
    ['/*', '*', 'only the rest'],
    ['/a/:b/*', '=a/:/*', 'all three'],
    ['/%61', '=a', 'an escape is decoded'],
    ['/a%2fb', '=a%2Fb', 'an encoded slash is not a separator'],
    ['/caf%c3%a9', '=café', 'escapes of UTF-8'],
    ['/café', '=café', 'UTF-8 without escapes'],
    ['/%3Aa/%2A', '=:a/=*', 'a literal colon and asterisk'],
    ['/a:b', '=a:b', 'a colon inside a segment'],
    ['/.a/...', '=.a/=...', 'names that begin with dots'],
  ]
  for (const [pattern, shape, rule] of shapes) {
    it(`${rule}: ${pattern}`, () => {
      assert.equal(shapeOf(parsePattern(pattern)), shape)
    })
  }

  const broken: [pattern: string, message: string][] = [
    ['a', 'it does not begin with "/"'],
    ['', 'it does not begin with "/"'],
    ['/a?b', 'a path has no "?" unless percent-encoded'],
    ['/a#b', 'a path has no "#" unless percent-encoded'],
    ['/a b', 'a path has no " " unless percent-encoded'],
    ['/a\tb', 'a path has no "\\t" unless percent-encoded'],
    ['/*/a', '"*" stands for the rest of a path, so that nothing can follow it'],
    ['/a*', '"*" stands alone in its segment; "%2A" is a literal asterisk'],
    ['/**', '"*" stands alone in its segment; "%2A" is a literal asterisk'],
    ['/:', '":" is no parameter: wanted a name of letters, digits and "_"; "%3A" is a literal colon'],
    ['/:a-b', '":a-b" is no parameter: wanted a name of letters, digits and "_"; "%3A" is a literal colon'],
    ['/:1', '":1" is no parameter: wanted a name of letters, digits and "_"; "%3A" is a literal colon'],
    ['/:a/b/:a', 'two parameters are named "a"'],
    ['/a/../b', 'the dot segment ".." never occurs in a path, which is normalised first'],
    ['/%2e', 'the dot segment "%2e" never occurs in a path, which is normalised first'],
    ['/100%', '"100%" is not percent-encoded UTF-8 without NUL'],
    ['/%00', '"%00" is not percent-encoded UTF-8 without NUL'],
    ['/\ud800', '"\ud800" is not percent-encoded UTF-8 without NUL'],
  ]
  for (const [pattern, message] of broken) {
    it(`refuses ${JSON.stringify(pattern)}: ${JSON.stringify(message)}`, () => {
      assert.throws(() => parsePattern(pattern), `Cannot read pattern "${pattern}": ${message}`)
    })
  }
})

describe('parseRouteKey()', () => {
  it('splits method and pattern', () => {
    assert.deepEqual(parseRouteKey('GET /a/:b'), { method: 'GET', pattern: '/a/:b' })
  })

  it('accepts extension methods', () => {
    assert.equal(parseRouteKey('PROPFIND /').method, 'PROPFIND')
    assert.equal(parseRouteKey('Lock-It! /').method, 'Lock-It!')
  })

  const broken: [key: string, message: RegExp][] = [
    ['', /wanted a method, one space and a path, such as "GET \/users\/:id"/],
    ['/a', /wanted a method, one space and a path/],
    ['GET  /a', /wanted a method, one space and a path/],
    ['GET /a b', /wanted a method, one space and a path/],
    ['GET a', /it does not begin with "\/"/],
    ['get /a', /methods are case-sensitive, found "get", wanted "GET"/],
    ['G(T /a', /its method is not a token/],
    [' /a', /its method is not a token/],
    ['G\u0142T /a', /its method is not a token/],
    ['CONNECT /a', /CONNECT asks for a proxy/],
  ]
  for (const [key, message] of broken) {
    it(`refuses "${key}"`, () => {
      assert.throws(() => parseRouteKey(key), message)
    })
  }
})
