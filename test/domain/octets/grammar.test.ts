import { assert } from 'chai'
import { describe, it } from 'mocha'
import {
  isFieldValue,
  isQuotedString,
  isToken,
  listMembers,
  partsOf,
  withoutWhiteSpace,
} from '../../../src/domain/octets/grammar.js'

describe('The grammar of field values', () => {
  const lists: [text: string, expected: string[], rule: string][] = [
    ['', [], 'nothing has no members'],
    ['a', ['a'], 'one member'],
    ['a,b', ['a', 'b'], 'a comma separates members'],
    [' a \t,\t b ', ['a', 'b'], 'SP and HTAB around members do not count'],
    [',a,, ,b,', ['a', 'b'], 'empty members do not count (§5.6.1.2)'],
    ['a\xa0,b', ['a\xa0', 'b'], 'obs-text is not white space'],
    ['a="1,2",b', ['a="1,2"', 'b'], 'a comma in quotes does not separate members'],
    ['a="\\",",b', ['a="\\","', 'b'], 'an escaped quote does not end the quotes'],
    ['a\\,b', ['a\\', 'b'], 'a backslash outside quotes escapes nothing'],
    ['a="1,b', ['a="1,b'], 'quotes that are not closed extend to the end'],
    ['a="\\', ['a="\\'], 'a backslash at the end escapes nothing'],
  ]
  for (const [text, expected, rule] of lists) {
    it(`listMembers(): ${rule}`, () => assert.deepEqual(listMembers(text), expected))
  }

  it('listMembers(): a backslash escapes nothing in a list without quoted pairs', () => {
    assert.deepEqual(listMembers('"a\\", "b,c"', false), ['"a\\"', '"b,c"'])
  })

  it('partsOf(): separates by semicolons, and keeps empty parts', () => {
    assert.deepEqual(partsOf(' a ;; b="1;2"', ';'), ['a', '', 'b="1;2"'])
  })

  it('withoutWhiteSpace(): removes SP and HTAB at both ends only', () => {
    assert.equal(withoutWhiteSpace('\t a\xa0 b \t'), 'a\xa0 b')
    assert.equal(withoutWhiteSpace(' \t'), '')
  })

  const tokens: [text: string, expected: boolean, rule: string][] = [
    ["A1!#$%&'*+-.^_`|~", true, 'letters, digits and fifteen other characters'],
    ['', false, 'an empty text'],
    ['a b', false, 'a space'],
    ['a"', false, 'a quote'],
    ['\u0141', false, 'a character beyond latin1'],
  ]
  for (const [text, expected, rule] of tokens) {
    it(`isToken(): ${expected ? 'accepts' : 'refuses'} ${rule}`, () => assert.equal(isToken(text), expected))
  }

  const quoted: [text: string, expected: boolean, rule: string][] = [
    ['""', true, 'an empty string'],
    ['"a b\t\xff"', true, 'white space and obs-text'],
    ['"a\\"b\\\\"', true, 'an escaped quote and an escaped backslash'],
    ['"', false, 'one quote'],
    ['a', false, 'a token'],
    ['"a', false, 'a string without its closing quote'],
    ['"a\\"', false, 'a string whose last quote is escaped'],
    ['"a"b"', false, 'a quote that is not escaped'],
    ['"a\n"', false, 'a control character'],
    ['"\\\n"', false, 'an escaped control character'],
  ]
  for (const [text, expected, rule] of quoted) {
    it(`isQuotedString(): ${expected ? 'accepts' : 'refuses'} ${rule}`, () => {
      assert.equal(isQuotedString(text), expected)
    })
  }

  it('isFieldValue(): accepts one line of latin1 without control characters, which may be empty', () => {
    for (const text of ['', 'a\tb \xff']) assert.isTrue(isFieldValue(text))
    for (const text of ['a\r\nb', '\0', '\x7f', '\u0141']) assert.isFalse(isFieldValue(text))
  })
})
