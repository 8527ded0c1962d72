import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'

import { ProtocolError } from '../../../src/domain/message/protocol-error.js'
import { normalPath, parseHost, parseTarget } from '../../../src/domain/message/target.js'

function refusalOf(read: () => unknown): [status: number, rule: string] {
  try {
    read()
  } catch (error) {
    assert.instanceOf(error, ProtocolError)
    return [error.status, error.rule]
  }
  return assert.fail('Expected a refusal')
}

describe('parseTarget()', () => {
  const origin: [target: string, path: string, query: string, rule: string][] = [
    ['/', '/', '', 'the root'],
    ['/a/b', '/a/b', '', 'a plain path stays as it is'],
    ['/a?', '/a', '', 'an empty query'],
    ['/a?b=%2e&c=/../d?e', '/a', 'b=%2e&c=/../d?e', 'the query is left raw, a second "?" is part of it'],
    ['/%7Euser?x', '/~user', 'x', 'an escape of an unreserved character is decoded'],
    ['//host/a', '//host/a', '', 'two slashes at the start are an empty segment, not an authority'],
    ['/http://host/', '/http://host/', '', 'a URI inside a path is path'],
    ['/{a}|^`', '/{a}|^`', '', 'what browsers send raw is accepted'],
  ]
  for (const [target, path, query, rule] of origin) {
    it(`origin-form: ${rule}: ${target}`, () => {
      const expected = { form: 'origin', path, query, authority: 'example.com:8080' }
      assert.deepEqual(parseTarget('GET', target, 'Example.COM:8080', false), expected)
    })
  }

  it('returns a path in normal form as the very string it came in', () => {
    assert.equal(parseTarget('GET', '/a.b/c..d/e.', null, false).path, '/a.b/c..d/e.')
  })

  it('has no authority when HTTP/1.0 sent no Host', () => {
    assert.equal(parseTarget('GET', '/', null, false).authority, '')
  })

  const absolute: [target: string, path: string, query: string, authority: string, rule: string][] = [
    ['http://a.example/b?c', '/b', 'c', 'a.example', 'its authority replaces Host'],
    ['HTTP://A.Example:81/', '/', '', 'a.example:81', 'scheme and host in any case'],
    ['http://a.example', '/', '', 'a.example', 'an empty path is the root'],
    ['http://a.example?q', '/', 'q', 'a.example', 'an empty path before a query is the root'],
    ['http://a.example/x/%2e%2E/y', '/y', '', 'a.example', 'the path is normalised'],
    ['http://[::1]:8080/x', '/x', '', '[::1]:8080', 'an IPv6 host'],
  ]
  for (const [target, path, query, authority, rule] of absolute) {
    it(`absolute-form: ${rule}: ${target}`, () => {
      const expected = { form: 'absolute', path, query, authority }
      assert.deepEqual(parseTarget('GET', target, 'other.example', false), expected)
    })
  }

  const asterisk: [target: string, authority: string][] = [
    ['*', 'example.com'],
    ['http://a.example', 'a.example'],
  ]
  for (const [target, authority] of asterisk) {
    it(`asterisk-form: OPTIONS ${target} asks the server as a whole`, () => {
      const expected = { form: 'asterisk', path: '*', query: '', authority }
      assert.deepEqual(parseTarget('OPTIONS', target, 'example.com', false), expected)
    })
  }

  it('OPTIONS of a URI with a path or query asks a resource', () => {
    assert.equal(parseTarget('OPTIONS', 'http://a.example/', null, false).path, '/')
    assert.equal(parseTarget('OPTIONS', 'http://a.example?', null, false).path, '/')
  })

  it('takes an https target over TLS', () => {
    assert.equal(parseTarget('GET', 'https://a.example/b', null, true).path, '/b')
  })

  const refused: [method: string, target: string, secure: boolean, status: number, rule: string, why: string][] = [
    ['GET', '', false, 400, 'target', 'nothing'],
    ['GET', '*', false, 400, 'target', '"*" for a method other than OPTIONS'],
    ['OPTIONS', '**', false, 400, 'target', 'more than "*"'],
    ['CONNECT', 'a.example:443', false, 400, 'target', 'authority-form'],
    ['GET', 'a/b', false, 400, 'target', 'a relative path'],
    ['GET', '?q', false, 400, 'target', 'only a query'],
    ['GET', 'ftp://a.example/', false, 400, 'target', 'another scheme'],
    ['GET', 'http:/a', false, 400, 'target', 'a scheme without an authority'],
    ['GET', 'http:a.example', false, 400, 'target', 'a scheme without slashes'],
    ['GET', 'http://', false, 400, 'target', 'an empty authority'],
    ['GET', 'http:///a', false, 400, 'target', 'an empty authority before a path'],
    ['GET', 'http://user@a.example/', false, 400, 'target', 'userinfo'],
    ['GET', 'http://user:secret@a.example/', false, 400, 'target', 'userinfo with a password'],
    ['GET', 'http://a.example:65536/', false, 400, 'target', 'a port that is not a number'],
    ['GET', 'http://a,b/', false, 400, 'target', 'a list of hosts'],
    ['GET', 'https://a.example/', false, 421, 'misdirected', 'https over a plain connection'],
    ['GET', 'HTTPS://a.example/', false, 421, 'misdirected', 'https in upper case over a plain connection'],
    ['GET', 'http://a.example/', true, 421, 'misdirected', 'http over TLS'],
    ['GET', '/%', false, 400, 'target-encoding', 'a "%" at the end'],
    ['GET', '/%4', false, 400, 'target-encoding', 'one hexadecimal digit'],
    ['GET', '/%4g/', false, 400, 'target-encoding', 'a digit that is not hexadecimal'],
    ['GET', '/%%34%31', false, 400, 'target-encoding', 'an escape that decoding would create'],
    ['GET', '/%u0041', false, 400, 'target-encoding', 'an escape of another notation'],
    ['GET', '/a%00b', false, 400, 'target-encoding', 'NUL in a path'],
    ['GET', '/?%', false, 400, 'target-encoding', 'a "%" at the end of the query'],
    ['GET', '/a?b=%zz', false, 400, 'target-encoding', 'a broken escape in the query'],
    ['GET', 'http://a.example/?%f', false, 400, 'target-encoding', 'a broken escape in the query of a URI'],
  ]
  for (const [method, target, secure, status, rule, why] of refused) {
    it(`refuses ${why}: ${method} ${target}`, () => {
      assert.deepEqual(
        refusalOf(() => parseTarget(method, target, 'example.com', secure)),
        [status, rule],
      )
    })
  }

  it('allows NUL in a query, which is not ours to read', () => {
    assert.equal(parseTarget('GET', '/a?b=%00', null, false).query, 'b=%00')
  })

  it('checks Host even where the authority of the target replaces it', () => {
    for (const target of ['/', '*', 'http://a.example/']) {
      assert.deepEqual(
        refusalOf(() => parseTarget('OPTIONS', target, 'a,b', false)),
        [400, 'host'],
      )
    }
  })
})

describe('normalPath()', () => {
  const cases: [path: string, normal: string, rule: string][] = [
    ['/a/./b', '/a/b', 'a single dot is removed'],
    ['/a/../b', '/b', 'two dots remove the segment before'],
    ['/a/.', '/a/', 'a single dot at the end leaves the folder'],
    ['/a/b/..', '/a/', 'two dots at the end leave the folder'],
    ['/..', '/', 'two dots stay at the root'],
    ['/../../etc/passwd', '/etc/passwd', 'two dots never climb above the root'],
    ['/%2e%2E/a', '/a', 'encoded dots are dots'],
    ['/a/.%2e/b', '/b', 'half-encoded dots are dots'],
    ['/a/%2e', '/a/', 'an encoded dot at the end'],
    ['/a/...', '/a/...', 'three dots are a name'],
    ['/.a/..b', '/.a/..b', 'names can begin with dots'],
    ['/a//b', '/a//b', 'empty segments are kept'],
    ['/a//../b', '/a/b', 'two dots remove an empty segment'],
    ['/a%2fb', '/a%2Fb', 'an encoded slash stays encoded, in upper case'],
    ['/a/..%2fb', '/a/..%2Fb', 'an encoded slash ends no dot segment'],
    ['/%252e%252e/a', '/%252e%252e/a', 'decoded once, never twice'],
    ['/100%25', '/100%25', 'an encoded percent sign stays encoded'],
    ['/caf%C3%A9', '/café', 'UTF-8 of two octets'],
    ['/%e2%82%ac', '/€', 'UTF-8 of three octets'],
    ['/%F0%9F%98%80', '/😀', 'UTF-8 of four octets'],
    ['/%EF%BB%BFa', '/\ufeffa', 'a byte order mark is a character like others'],
    ['/%c3', '/%C3', 'a lone lead octet stays encoded'],
    ['/%c3a%a9', '/%C3a%A9', 'a sequence is not put together across characters'],
    ['/%A9%C3%A9', '/%A9é', 'a lone tail octet stays encoded, what follows is decoded'],
    ['/%c0%ae%c0%ae/', '/%C0%AE%C0%AE/', 'overlong dots are not dots'],
    ['/%c0%af', '/%C0%AF', 'an overlong slash is not a slash'],
    ['/%e0%80%af', '/%E0%80%AF', 'overlong in three octets'],
    ['/%f0%80%80%af', '/%F0%80%80%AF', 'overlong in four octets'],
    ['/%ed%a0%80', '/%ED%A0%80', 'surrogates are not UTF-8'],
    ['/%f4%90%80%80', '/%F4%90%80%80', 'beyond Unicode'],
    ['/%ff', '/%FF', 'an octet that UTF-8 never has'],
    ['/a%0d%0ab', '/a\r\nb', 'control characters are decoded'],
    ['/a%3Fb%23c%5Cd', '/a?b#c\\d', 'decoded delimiters do not delimit'],
  ]
  for (const [path, normal, rule] of cases) {
    it(`${rule}: ${path}`, () => {
      assert.equal(normalPath(path), normal)
    })
  }

  const piece = fc.constantFrom(
    '/',
    '.',
    '..',
    '%2e',
    '%2F',
    '%25',
    '%00',
    '%C3%A9',
    '%c3',
    '%ED%A0',
    '%F0%9F%98%80',
    'a',
    '%',
    '~',
    '%3f',
  )
  const path = fc.array(piece, { maxLength: 24 }).map((pieces) => `/${pieces.join('')}`)
  const normalOf = (raw: string): string | null => {
    try {
      return normalPath(raw)
    } catch (error) {
      assert.instanceOf(error, ProtocolError)
      return null
    }
  }
  /** A normal form as a target again: what it decoded is encoded; a `%` of its own begins an escape already. */
  const encode = (normal: string): string => normal.replace(/[^%/]/gu, (character) => encodeURIComponent(character))

  it('never holds a dot segment, and never throws but a ProtocolError', () => {
    fc.assert(
      fc.property(path, (raw) => {
        const segments = normalOf(raw)?.split('/') ?? []
        assert.notInclude(segments, '.')
        assert.notInclude(segments, '..')
      }),
    )
  })

  it('is idempotent', () => {
    fc.assert(
      fc.property(path, (raw) => {
        const normal = normalOf(raw)
        if (normal !== null) assert.equal(normalPath(encode(normal)), normal)
      }),
    )
  })

  it('distinguishes paths that decode to different octets', () => {
    const octets = fc.array(
      fc.integer({ min: 1, max: 255 }).filter((octet) => octet !== 0x2e && octet !== 0x2f),
      { minLength: 1, maxLength: 8 },
    )
    const escaped = (list: number[]): string =>
      `/${list.map((octet) => `%${octet.toString(16).padStart(2, '0')}`).join('')}`
    fc.assert(
      fc.property(octets, octets, (a, b) => {
        assert.equal(normalPath(escaped(a)) === normalPath(escaped(b)), a.join() === b.join())
      }),
    )
  })

  it('accepts arbitrary visible ASCII', () => {
    const visible = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)) })
    fc.assert(fc.property(visible, (raw) => normalOf(`/${raw}`)?.startsWith('/') ?? true))
  })
})

describe('parseHost()', () => {
  const accepted: [value: string, authority: string, rule: string][] = [
    ['example.com', 'example.com', 'a name'],
    ['Example.COM.', 'example.com.', 'a name in any case, with a dot at its end'],
    ['localhost:8080', 'localhost:8080', 'a port'],
    ['localhost:65535', 'localhost:65535', 'the highest port'],
    ['localhost:', 'localhost', 'an empty port is removed (RFC 3986 §3.2.3)'],
    ['localhost:0080', 'localhost:80', 'a port with leading zeros'],
    ['my_host-1~', 'my_host-1~', 'all unreserved characters'],
    ["a!$&'()*+;=", "a!$&'()*+;=", 'sub-delims except the comma'],
    ['caf%C3%A9.example', 'caf%c3%a9.example', 'escapes'],
    ['127.0.0.1:80', '127.0.0.1:80', 'an IPv4 address'],
    ['[::]', '[::]', 'IPv6: only zeros'],
    ['[::1]:8080', '[::1]:8080', 'IPv6 with a port'],
    ['[2001:DB8::A]', '[2001:db8::a]', 'IPv6 in any case'],
    ['[1:2:3:4:5:6:7:8]', '[1:2:3:4:5:6:7:8]', 'IPv6 in full'],
    ['[1:2:3:4:5:6:7::]', '[1:2:3:4:5:6:7::]', 'IPv6 with one group elided'],
    ['[::ffff:192.0.2.1]', '[::ffff:192.0.2.1]', 'IPv6 that ends in IPv4'],
    ['[1:2:3:4:5:6:192.0.2.255]', '[1:2:3:4:5:6:192.0.2.255]', 'IPv6 in full that ends in IPv4'],
  ]
  for (const [value, authority, rule] of accepted) {
    it(`accepts ${rule}: ${value}`, () => {
      assert.equal(parseHost(value), authority)
    })
  }

  const refused: [value: string, rule: string][] = [
    ['', 'nothing'],
    [':80', 'only a port'],
    ['a b', 'a space inside'],
    ['a\tb', 'a tab inside'],
    ['a,b', 'a list'],
    ['a, a', 'a list with a space'],
    ['user@host', 'userinfo'],
    ['host/path', 'a path'],
    ['host?query', 'a query'],
    ['host#fragment', 'a fragment'],
    ['host\\path', 'a backslash'],
    ['http://host', 'a scheme'],
    ['host:80:80', 'two ports'],
    ['host:8x', 'a port that is no number'],
    ['host:-1', 'a sign'],
    ['host:65536', 'a port beyond 65535'],
    ['host:99999999999999999999', 'a port beyond all numbers'],
    ['host%4', 'a broken escape'],
    ['h\u00f6st', 'an octet beyond ASCII'],
    ['::1', 'IPv6 without brackets'],
    ['[]', 'empty brackets'],
    ['[::1', 'an open bracket'],
    ['[::1]80', 'a port without a colon'],
    ['[:::]', 'three colons'],
    ['[1::2::3]', 'two elisions'],
    ['[1:2:3:4:5:6:7]', 'seven groups'],
    ['[1:2:3:4:5:6:7:8:9]', 'nine groups'],
    ['[1:2:3:4:5:6:7:8::]', 'an elision of nothing'],
    ['[12345::]', 'a group of five digits'],
    ['[::1.2.3]', 'a short IPv4 ending'],
    ['[::1.2.3.256]', 'an IPv4 ending out of range'],
    ['[::1.2.3.04]', 'an IPv4 ending with a leading zero'],
    ['[1.2.3.4::]', 'IPv4 before an elision'],
    ['[1.2.3.4]', 'IPv4 in brackets'],
    ['[fe80::1%25eth0]', 'a zone, which means nothing to another host'],
    ['[v1.a]', 'an address of the future'],
  ]
  for (const [value, rule] of refused) {
    it(`refuses ${rule}: ${value}`, () => {
      assert.deepEqual(
        refusalOf(() => parseHost(value)),
        [400, 'host'],
      )
    })
  }
})
