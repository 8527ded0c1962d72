import { assert } from 'chai'
import { describe, it } from 'mocha'
import { bytes, empty, file, html, json, redirect, stream, text } from '../../../src/domain/message/response-makers.js'
import type { Response } from '../../../src/domain/message/response.js'

describe('response makers', () => {
  const cases: [rule: string, response: Response, status: number, wire: string, content: unknown][] = [
    ['text() is UTF-8', text('a'), 200, 'Content-Type: text/plain; charset=utf-8\r\n', 'a'],
    ['text() takes a status', text('a', { status: 404 }), 404, 'Content-Type: text/plain; charset=utf-8\r\n', 'a'],
    [
      'text() takes another type',
      text('a', { headers: { 'content-type': 'text/csv' } }),
      200,
      'content-type: text/csv\r\n',
      'a',
    ],
    ['html() is UTF-8', html('<p>'), 200, 'Content-Type: text/html; charset=utf-8\r\n', '<p>'],
    [
      'html() takes fields',
      html('<p>', { headers: { Vary: 'a' } }),
      200,
      'Vary: a\r\nContent-Type: text/html; charset=utf-8\r\n',
      '<p>',
    ],
    ['json() writes values', json({ a: [1, null] }), 200, 'Content-Type: application/json\r\n', '{"a":[1,null]}'],
    ['json() takes a status', json(null, { status: 201 }), 201, 'Content-Type: application/json\r\n', 'null'],
    [
      'bytes() are octets',
      bytes(Uint8Array.of(1)),
      200,
      'Content-Type: application/octet-stream\r\n',
      Uint8Array.of(1),
    ],
    ['bytes() take a type', bytes(Uint8Array.of(1), 'a/b'), 200, 'Content-Type: a/b\r\n', Uint8Array.of(1)],
    [
      'bytes() take no type for none',
      bytes(Uint8Array.of(1), null),
      200,
      'Content-Type: application/octet-stream\r\n',
      Uint8Array.of(1),
    ],
    [
      'bytes() take an ArrayBuffer',
      bytes(Uint8Array.of(1, 2).buffer),
      200,
      'Content-Type: application/octet-stream\r\n',
      Uint8Array.of(1, 2),
    ],
    ['redirect() is 302', redirect('/a'), 302, 'Location: /a\r\n', null],
    ['redirect() takes another 3xx', redirect('/a', 308), 308, 'Location: /a\r\n', null],
    [
      'redirect() encodes what no URI has, and nothing twice',
      redirect('/é b?c=%20#d'),
      302,
      'Location: /%C3%A9%20b?c=%20#d\r\n',
      null,
    ],
    ['redirect() encodes line ends', redirect('/\r\nX: y'), 302, 'Location: /%0D%0AX:%20y\r\n', null],
    ['empty() is 204', empty(), 204, '', null],
    ['empty() takes a status and fields', empty({ status: 202, headers: { A: 'b' } }), 202, 'A: b\r\n', null],
    ['file() describes a file', file('a'), 200, '', { kind: 'file', path: 'a', root: null, precompressed: false }],
    [
      'file() keeps to a root',
      file('a', { root: '/r', precompressed: true }),
      200,
      '',
      { kind: 'file', path: 'a', root: '/r', precompressed: true },
    ],
  ]
  for (const [rule, response, status, wire, content] of cases) {
    it(rule, () => {
      assert.equal(response.status, status)
      assert.equal(response.fields.wire, wire)
      assert.deepEqual(response.content, content)
    })
  }

  it('stream() leaves its pieces alone', () => {
    const pieces = ['a', 'b']
    const response = stream(pieces)
    assert.deepEqual(response.content, { kind: 'stream', pieces, length: null })
    assert.equal(response.fields.get('content-type'), 'application/octet-stream')
  })

  it('stream() takes a type and a length', () => {
    const response = stream([], { type: 'a/b', length: 5, status: 203 })
    assert.deepInclude(response.content, { length: 5 })
    assert.equal(response.fields.get('content-type'), 'a/b')
    assert.equal(response.status, 203)
  })

  for (const status of [0, 100, 199, 600, 200.5, Number.NaN]) {
    it(`no response has status ${status}`, () => {
      assert.throws(() => text('a', { status }), RangeError, /^Cannot make a response with status /)
      assert.throws(() => empty({ status }), RangeError)
    })
  }

  for (const status of [299, 400, Number.NaN]) {
    it(`no redirect has status ${status}`, () => {
      assert.throws(() => redirect('/', status), RangeError, / status /)
    })
  }

  const unwritable: [what: string, value: unknown][] = [
    ['undefined', undefined],
    ['a function', () => 1],
    ['a big integer', 1n],
  ]
  for (const [what, value] of unwritable) {
    it(`JSON cannot hold ${what}`, () => assert.throws(() => json(value), TypeError))
  }

  for (const length of [-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    it(`no stream has length ${length}, which would go on the wire`, () => {
      assert.throws(() => stream([], { length }), RangeError)
    })
  }
})
