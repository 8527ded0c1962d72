import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import type { RequestHead } from '../../../src/domain/message/request-head.js'
import { httpsLocation, httpsRedirect, isPlainHost } from '../../../src/domain/routing/https-redirect.js'
import { Dialogue } from '../../wire/dialogue.js'

const ANY_HOST = { host: '', port: 443 }

/** The request that a connection reads from a head; null if it refuses the head. */
function accepted(...lines: string[]): RequestHead | null {
  const dialogue = Dialogue.of([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')])
  return dialogue.requests[0]?.head ?? null
}

const requestFor = (target: string, host: string, method = 'GET'): RequestHead =>
  accepted(`${method} ${target} HTTP/1.1`, `Host: ${host}`)!

describe('httpsLocation()', () => {
  const targets: [target: string, pathAndQuery: string, rule: string][] = [
    ['/', '/', 'the root'],
    ['/a/b?c=d', '/a/b?c=d', 'path and query'],
    ['/a?', '/a?', 'an empty query'],
    ['/a/../%2e/%7Eb%2f?%41', '/a/../%2e/%7Eb%2f?%41', 'as the peer sent them, not in normal form'],
    ['/{a}|^`?{}', '/{a}|^`?{}', 'what browsers send raw'],
    ['//evil.example/x', '//evil.example/x', 'a path that looks like an authority is a path'],
    ['/http://evil.example/', '/http://evil.example/', 'a URI inside a path is path'],
    ['/@evil.example/', '/@evil.example/', 'a path that looks like userinfo is a path'],
    ['http://a.example/b?c', '/b?c', 'absolute-form'],
    ['HTTP://A.Example:8080/b', '/b', 'absolute-form in any case, with a port'],
    ['http://a.example', '/', 'absolute-form without a path'],
    ['http://a.example?q=/', '/?q=/', 'absolute-form with only a query'],
    ['http://a.example//b.example/', '//b.example/', 'absolute-form with an empty segment'],
    ['http://a.example/?http://b.example/', '/?http://b.example/', 'absolute-form with a URI in its query'],
  ]
  for (const [target, expected, rule] of targets) {
    it(`target: ${rule}: ${target}`, () => {
      assert.equal(httpsLocation(requestFor(target, 'a.example'), ANY_HOST), `https://a.example${expected}`)
    })
  }

  const hosts: [host: string, configured: string, port: number, expected: string, rule: string][] = [
    ['a.example', '', 443, 'a.example', 'the requested host'],
    ['A.Example', '', 443, 'a.example', 'the host in lower case'],
    ['a.example:8080', '', 443, 'a.example', 'the host without the port of http'],
    ['a.example:8080', '', 8443, 'a.example:8443', 'the port of https, unless it is 443'],
    ['a.example:443', '', 80, 'a.example:80', 'another port in the request changes nothing'],
    ['a.example.', '', 443, 'a.example.', 'a host with a dot at its end'],
    ['my_host-1', '', 443, 'my_host-1', 'a host of one label'],
    ['127.0.0.1:8080', '', 8443, '127.0.0.1:8443', 'an IPv4 address'],
    ['[::1]', '', 443, '[::1]', 'an IPv6 address keeps its brackets'],
    ['[2001:DB8::A]:8080', '', 8443, '[2001:db8::a]:8443', 'an IPv6 address with a port'],
    ['a.example:8080', 'b.example', 443, 'b.example', 'the configured host, whatever was requested'],
    ['a(b', 'b.example', 8443, 'b.example:8443', 'the configured host in place of an invalid one'],
  ]
  for (const [host, configured, port, expected, rule] of hosts) {
    it(`host: ${rule}: ${host}`, () => {
      const rules = { host: configured, port }
      assert.equal(httpsLocation(requestFor('/x', host), rules), `https://${expected}/x`)
    })
  }

  it('the authority of the target takes precedence over Host (RFC 9112 §3.2.2)', () => {
    assert.equal(httpsLocation(requestFor('http://b.example/x', 'a.example'), ANY_HOST), 'https://b.example/x')
  })

  it('HTTP/1.0 without Host is sent to the configured host alone', () => {
    const request = accepted('GET /x HTTP/1.0')!
    assert.isNull(httpsLocation(request, ANY_HOST))
    assert.equal(httpsLocation(request, { host: 'a.example', port: 443 }), 'https://a.example/x')
  })

  for (const target of ['*', 'http://a.example']) {
    it(`the server as a whole has no https URI: OPTIONS ${target}`, () => {
      assert.isNull(httpsLocation(requestFor(target, 'a.example', 'OPTIONS'), { host: 'a.example', port: 443 }))
    })
  }

  const pieces = [
    '/',
    '//',
    '?',
    '.',
    '..',
    '%2e',
    '%2F',
    '%0d%0a',
    '@',
    ':',
    ':81',
    'a',
    'evil.example',
    '{',
    '|',
    '^',
  ]
  const text = fc.array(
    fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom(...pieces) },
      { weight: 1, arbitrary: fc.integer({ min: 0, max: 255 }).map((octet) => String.fromCharCode(octet)) },
    ),
    { maxLength: 12 },
  )
  const host = fc.oneof(
    fc.constantFrom('a.example', 'A.example:8080', '[::1]', '[1::a:192.0.2.1]:81', '127.0.0.1', '1.2.3', 'a.0x1', ''),
    fc.constantFrom("a'b", 'a%41', 'a;b', 'xn--a', 'a..b', '.', '-', 'a.example.:1'),
    fc.domain(),
    fc
      .array(fc.constantFrom('a', '1', '.', '-', '_', '%41', "'", 'xn--', '0x', ':'), { maxLength: 8 })
      .map((all) => all.join('')),
  )
  const target = fc.oneof(
    text.map((all) => `/${all.join('')}`),
    fc.tuple(fc.constantFrom('http://', 'HTTP://'), host, text).map(([scheme, at, all]) => scheme + at + all.join('')),
  )

  it('is interpreted by browsers as https with that host, port, path and query, for every accepted request', () => {
    let sent = 0
    const property = fc.property(target, host, fc.constantFrom(443, 8443), (sentTarget, sentHost, port) => {
      const request = accepted(`GET ${sentTarget} HTTP/1.1`, `Host: ${sentHost}`)
      const location = request === null ? null : httpsLocation(request, { host: '', port })
      if (request === null || location === null) return
      sent++
      assert.match(location, /^[\x21-\x7e]+$/)
      const seen = new URL(location)
      const asked = new URL(sentTarget.startsWith('/') ? `http://${sentHost}${sentTarget}` : sentTarget)
      assert.equal(seen.protocol, 'https:')
      assert.equal(seen.hostname, asked.hostname)
      assert.equal(seen.port, port === 443 ? '' : String(port))
      assert.deepEqual([seen.username, seen.password, seen.hash], ['', '', ''])
      assert.equal(seen.pathname + seen.search, asked.pathname + asked.search)
    })
    fc.assert(property, { numRuns: 2000 })
    assert.isAtLeast(sent, 200, 'enough of them are accepted')
  })
})

describe('isPlainHost()', () => {
  const cases: [host: string, expected: boolean, rule: string][] = [
    ['localhost', true, 'one label'],
    ['A.Example', true, 'any case'],
    ['a.example.', true, 'a dot at the end'],
    ['xn--bcher-kva.example', true, 'an internationalized name in its ASCII form'],
    [`${'a'.repeat(63)}.example`, true, 'the longest label'],
    ['192.0.2.255', true, 'an IPv4 address'],
    ['1a.2b', true, 'labels that begin with digits'],
    ['[::]', true, 'an IPv6 address'],
    ['[::ffff:192.0.2.1]', true, 'an IPv6 address that ends in IPv4'],
    ['', false, 'nothing'],
    ['.', false, 'only a dot'],
    ['a..b', false, 'an empty label'],
    ['.a', false, 'an empty first label'],
    [`${'a'.repeat(64)}.example`, false, 'a label that is too long'],
    ['a.'.repeat(128), false, 'a name that is too long'],
    ["a'b", false, 'an apostrophe'],
    ['a(b)', false, 'parentheses'],
    ['a%41', false, 'an escape'],
    ['a~b', false, 'a tilde'],
    ['bücher.example', false, 'letters beyond ASCII'],
    ['a:80', false, 'a port'],
    ['a@b', false, 'userinfo'],
    ['a/b', false, 'a path'],
    ['a\r\nX: y', false, 'a line end'],
    ['a\n', false, 'a line end after the name'],
    ['1.2.3', false, 'a short address, which browsers read as 1.2.0.3'],
    ['010.0.0.1', false, 'octal digits, which browsers read as 8.0.0.1'],
    ['2130706433', false, 'a number, which browsers read as 127.0.0.1'],
    ['0x7f.1', false, 'hexadecimal digits, which browsers read as an address'],
    ['a.1', false, 'a name that ends in a number, which browsers refuse'],
    ['256.0.0.1', false, 'an address out of range'],
    ['::1', false, 'an IPv6 address without brackets'],
    ['[]', false, 'empty brackets'],
    ['[:::]', false, 'three colons'],
    ['[fe80::1%25eth0]', false, 'a zone'],
  ]
  for (const [host, expected, rule] of cases) {
    it(`${expected ? 'takes' : 'refuses'} ${rule}: ${JSON.stringify(host.slice(0, 40))}`, () => {
      assert.equal(isPlainHost(host), expected)
    })
  }
})

describe('httpsRedirect()', () => {
  it('is 308, so that method and content are kept (RFC 9110 §15.4.9), and repeats the target only in Location', () => {
    const response = httpsRedirect(requestFor('/secret?a', 'a.example'), { host: '', port: 8443 })
    assert.equal(response.status, 308)
    assert.equal(response.fields.get('location'), 'https://a.example:8443/secret?a')
    assert.equal(response.fields.get('content-type'), 'text/plain; charset=utf-8')
    assert.equal(response.content, '308 Permanent Redirect\nThis is served over HTTPS.\n')
  })

  const refused: [request: RequestHead | null, rule: string][] = [
    [accepted('GET / HTTP/1.0'), 'no host'],
    [accepted('GET / HTTP/1.1', 'Host: a%41'), 'a host that is not safe in Location'],
    [accepted('OPTIONS * HTTP/1.1', 'Host: a'), 'no path'],
  ]
  for (const [request, rule] of refused) {
    it(`is 400 with advice for ${rule}`, () => {
      const response = httpsRedirect(request!, ANY_HOST)
      assert.equal(response.status, 400)
      assert.isNull(response.fields.get('location'))
      assert.include(response.content, '"detail":"This port only redirects to HTTPS')
    })
  }

  it('is 400 in the form that the peer prefers', () => {
    const response = httpsRedirect(accepted('GET / HTTP/1.0', 'Accept: text/plain')!, ANY_HOST)
    assert.match(response.content, /^400 Bad Request\nThis port only redirects to HTTPS, [^\n]+\n$/)
  })
})
