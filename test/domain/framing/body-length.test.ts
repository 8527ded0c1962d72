import { assert } from 'chai'
import { describe, it } from 'mocha'
import { bodyLength } from '../../../src/domain/framing/body-length.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import { outcomeOf } from './reading.js'

type Line = readonly [name: string, value: string]

const CL = (value: string): Line => ['content-length', value]
const TE = (value: string): Line => ['Transfer-Encoding', value]

describe('bodyLength() (RFC 9112 §6.3)', () => {
  const cases: [lines: Line[], expected: number | string, rule: string][] = [
    [[], 0, 'no framing field means no body (item 7)'],
    [[['content_length', '5']], 0, 'a name with an underscore is another field'],
    [[CL('5')], 5, 'Content-Length counts octets (item 6)'],
    [[CL('0')], 0, '0 is a length'],
    [[CL('000')], 0, 'zeros are digits'],
    [[CL('9007199254740991')], Number.MAX_SAFE_INTEGER, 'up to 2^53-1'],
    [[CL(`${'0'.repeat(400)}7`)], 7, 'leading zeros never overflow'],
    [[TE('chunked')], 'chunked', 'chunked declares its own end (item 4)'],
    [[TE('CHUNKED')], 'chunked', 'case of codings does not matter'],
    [[CL('')], '400 length-syntax', 'no digits'],
    [[CL('9007199254740992')], '400 length-syntax', '2^53'],
    [[CL('9'.repeat(400))], '400 length-syntax', 'a number beyond all limits'],
    [[CL('/5')], '400 length-syntax', 'the octet before 0'],
    [[CL('5:')], '400 length-syntax', 'the octet after 9'],
    [[CL('5'), CL('5')], '400 length-repeated', 'two equal lines'],
    [[CL('5'), TE('chunked')], '400 length-and-coding', 'both'],
    [[CL('x'), TE('x')], '400 length-and-coding', 'both fields, whatever their values'],
    [[TE('chunked'), TE('chunked')], '400 coding-repeated', 'two lines'],
    [[TE('chunked,chunked')], '400 coding-repeated', 'two values in one line'],
    [[TE('gzip, chunked')], '501 coding-unknown', 'an unsupported coding'],
    [[TE('gzip')], '400 coding-last', 'without chunked the end is unknown'],
    [[TE('chunked, gzip')], '400 coding-last', 'chunked before another'],
    [[TE('')], '400 coding-last', 'no coding'],
    [[TE('gzip;level=9, chunked')], '400 coding-last', 'a parameter'],
  ]
  for (const [lines, expected, rule] of cases) {
    it(rule, () => assert.equal(lengthOf(lines, 1), expected))
  }

  it('1.0 has no transfer codings', () => assert.equal(lengthOf([TE('chunked')], 0), '400 coding-1.0'))
  it('1.0 has Content-Length', () => assert.equal(lengthOf([CL('5')], 0), 5))
})

function lengthOf(lines: readonly Line[], minor: number): number | string {
  return outcomeOf(() => bodyLength(FieldSection.of(lines), minor))
}
