import { assert } from 'chai'
import { describe, it } from 'mocha'
import { NO_RESPONSE_FIELDS, ResponseFields, type FieldsInit } from '../../../src/domain/message/response-fields.js'

describe('ResponseFields', () => {
  const good: [init: FieldsInit, wire: string, rule: string][] = [
    [{}, '', 'none'],
    [{ 'X-A': 'b' }, 'X-A: b\r\n', 'a name keeps its case'],
    [{ Age: 5 }, 'Age: 5\r\n', 'a number is written out'],
    [{ 'Set-Cookie': ['a=b', 'c=d'] }, 'Set-Cookie: a=b\r\nSet-Cookie: c=d\r\n', 'several values are several lines'],
    [{ 'Set-Cookie': [] }, '', 'no values are no line'],
    [
      [
        ['A', '1'],
        ['A', '2'],
      ],
      'A: 1\r\nA: 2\r\n',
      'pairs may repeat a name',
    ],
    [new Map([['A', '1']]), 'A: 1\r\n', 'anything that gives pairs will do'],
    [new Headers({ a: '1' }), 'a: 1\r\n', 'Headers among them'],
    [{ X: '' }, 'X: \r\n', 'a value may be empty'],
    [{ X: 'a\tb \xe9\xff' }, 'X: a\tb \xe9\xff\r\n', 'tabs, spaces and latin1'],
    [{ constructor: 'x' }, 'constructor: x\r\n', "a name from a language's own objects is ordinary"],
  ]
  for (const [init, wire, rule] of good) {
    it(rule, () => assert.equal(ResponseFields.from(init).wire, wire))
  }

  const bad: [name: string, value: string, rule: string][] = [
    ['', 'x', 'an empty name'],
    ['A B', 'x', 'a space in a name'],
    ['A:', 'x', 'a colon in a name'],
    ['A\r\nB', 'x', 'a line end in a name'],
    ['\xc4', 'x', 'a name above ASCII'],
    ['X', 'a\r\nSet-Cookie: b', 'a line end, which would split the response'],
    ['X', 'a\n', 'LF at the end, which a regular expression may overlook'],
    ['X', '\ra', 'CR'],
    ['X', 'a\0', 'NUL'],
    ['X', '\x7f', 'DEL'],
    ['X', '\x1b', 'a control character'],
    ['X', '\u0100', 'what latin1 has not'],
    ['X', '\u010a', 'what latin1 would cut to LF'],
    ['Content-Length', '5', 'Content-Length, which frames the message'],
    ['TRANSFER-ENCODING', 'chunked', 'Transfer-Encoding, in any case'],
    ['Connection', 'close', 'Connection'],
    ['Keep-Alive', 'x', 'Keep-Alive'],
    ['Upgrade', 'x', 'Upgrade'],
    ['Trailer', 'x', 'Trailer'],
    ['Date', 'x', 'Date'],
    ['Server', 'x', 'Server'],
    ['X-Request-Id', 'x', 'X-Request-Id'],
  ]
  for (const [name, value, rule] of bad) {
    it(`cannot have ${rule}`, () => {
      assert.throws(() => ResponseFields.from({ [name]: value }), TypeError, /^Cannot set field /)
      assert.throws(() => new ResponseFields([[name, value]]), TypeError)
    })
  }

  it('get() finds the first value of a name in any case', () => {
    const fields = ResponseFields.from([
      ['X-A', '1'],
      ['x-a', '2'],
    ])
    assert.equal(fields.get('x-A'), '1')
    assert.isNull(fields.get('y'))
  })

  it('withDefaults() adds what is missing and leaves what is there', () => {
    const fields = ResponseFields.from({ 'content-type': 'a/b' })
    const both = fields.withDefaults([
      ['Content-Type', 'c/d'],
      ['Vary', 'Accept'],
    ])
    assert.equal(both.wire, 'content-type: a/b\r\nVary: Accept\r\n')
  })

  it('withDefaults() is the same object where nothing is missing', () => {
    const fields = ResponseFields.from({ A: '1' })
    assert.strictEqual(fields.withDefaults([['a', '2']]), fields)
    assert.strictEqual(NO_RESPONSE_FIELDS.withDefaults([]), NO_RESPONSE_FIELDS)
  })
})
