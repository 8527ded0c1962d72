import { assert } from 'chai'
import { describe, it } from 'mocha'
import { FieldLinesReader } from '../../../src/domain/framing/field-lines-reader.js'
import { outcomeOf } from './reading.js'

function read(text: string, maxLines = 10): unknown {
  const reader = new FieldLinesReader(maxLines)
  const octets = Buffer.from(text, 'latin1')
  reader.begin(0)
  return outcomeOf(() => (reader.read(octets, 0, octets.length) === -1 ? 'more' : [...reader.section(text)]))
}

describe('FieldLinesReader (RFC 9112 §5)', () => {
  const cases: [text: string, expected: unknown, rule: string][] = [
    ['\r\n', [], 'no lines'],
    ['A:b\r\n\r\n', [['a', 'b']], 'a line'],
    ['A:\r\n\r\n', [['a', '']], 'an empty value'],
    ['A: \t\r\n\r\n', [['a', '']], 'a value of white space'],
    ['A:\t b \t c\t \r\n\r\n', [['a', 'b \t c']], 'white space around a value, and inside'],
    ['A:\xff\r\n\r\n', [['a', '\xff']], 'octets above 0x7F'],
    ['A:b:c\r\n\r\n', [['a', 'b:c']], 'a colon in a value'],
    [
      'A:1\r\na:2\r\n\r\n',
      [
        ['a', '1'],
        ['a', '2'],
      ],
      'a name twice',
    ],
    ['A:b\r\n', 'more', 'the empty line is missing'],
    ['A: ', 'more', 'the value is missing'],
    ['A:1\r\nB', 'more', 'the name is incomplete'],
    ['A:\x7f', '400 field-value', 'DEL'],
    ['A:b\r\n c', '400 field-folding', 'folding'],
    ['A:b\r\n'.repeat(11), '431 field-count', 'one line too many'],
  ]
  for (const [text, expected, rule] of cases) it(rule, () => assert.deepEqual(read(text), expected))

  it('begins at the given position, relative to the base', () => {
    const reader = new FieldLinesReader(10)
    const text = '..START\r\nA: b\r\n\r\nrest'
    reader.begin(7)
    assert.equal(reader.read(Buffer.from(text), 2, text.length), 15)
    assert.deepEqual([...reader.section(text.slice(2))], [['a', 'b']])
  })

  it('keeps the lines of a section when the next begins', () => {
    const reader = new FieldLinesReader(10)
    reader.begin(0)
    reader.read(Buffer.from('A: b\r\n\r\n'), 0, 8)
    const first = reader.section('A: b\r\n\r\n')
    reader.begin(0)
    reader.read(Buffer.from('C: d\r\n\r\n'), 0, 8)
    assert.deepEqual([...first], [['a', 'b']])
  })
})
