import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import {
  contentRange,
  rangeLength,
  selectRanges,
  unsatisfiedRange,
  type RangeSelection,
} from '../../../src/domain/representation/range.js'

const NOW = Date.UTC(2026, 10, 22, 12)
const CURRENT = { etag: '"now"', lastModifiedMs: Date.UTC(1994, 10, 6, 8, 49, 37) }
const TWO_TO_53 = '9007199254740992'

const WHOLE: RangeSelection = { kind: 'whole' }
const UNSATISFIABLE: RangeSelection = { kind: 'unsatisfiable' }
const single = (first: number, last: number): RangeSelection => ({ kind: 'single', range: { first, last } })
const several = (...ranges: [first: number, last: number][]): RangeSelection => ({
  kind: 'several',
  ranges: ranges.map(([first, last]) => ({ first, last })),
})

const select = (range: string, size: number): RangeSelection =>
  selectRanges('GET', FieldSection.of([['range', range]]), size, CURRENT, NOW)

describe('Ranges', () => {
  const cases: [range: string, size: number, expected: RangeSelection, rule: string][] = [
    ['bytes=0-499', 10000, single(0, 499), 'the first 500 octets'],
    ['bytes=500-999', 10000, single(500, 999), 'the second 500 octets'],
    ['bytes=-500', 10000, single(9500, 9999), 'the last 500 octets'],
    ['bytes=9500-', 10000, single(9500, 9999), 'from an octet to the end'],
    ['bytes=0-0', 10000, single(0, 0), 'the first octet'],
    ['bytes=-1', 10000, single(9999, 9999), 'the last octet'],
    ['bytes=0-', 10, single(0, 9), 'the whole as a range is still a range'],
    ['bytes=0-99', 10, single(0, 9), 'a last position beyond the end is the end'],
    ['bytes=-99', 10, single(0, 9), 'a suffix longer than all is all'],
    ['bytes=9-9', 10, single(9, 9), 'the largest possible last position'],
    ['bytes=10-', 10, UNSATISFIABLE, 'a first position beyond the end'],
    ['bytes=10-20', 10, UNSATISFIABLE, 'a range beyond the end'],
    ['bytes=-0', 10, UNSATISFIABLE, 'no octets from the end'],
    ['bytes=-00', 10, UNSATISFIABLE, 'no octets from the end, in several digits'],
    ['bytes=20-30, -0', 10, UNSATISFIABLE, 'several ranges beyond the end'],
    ['bytes=0-', 0, UNSATISFIABLE, 'an empty file has no first octet'],
    ['bytes=-5', 0, WHOLE, 'the end of an empty file is the empty file (§14.1.2)'],
    ['bytes=0-1, -5', 0, WHOLE, 'the end of an empty file among others'],
    ['bytes=-0', 0, UNSATISFIABLE, 'no octets from the end of an empty file'],
    ['bytes=0-1,4-5', 10, several([0, 1], [4, 5]), 'two ranges'],
    ['bytes=0-1, 2-3', 10, several([0, 1], [2, 3]), 'neighbours do not overlap'],
    ['bytes=6-7,0-1', 10, several([6, 7], [0, 1]), 'the requested order is kept'],
    ['bytes=0-0,2-2,4-4,-1', 10, several([0, 0], [2, 2], [4, 4], [9, 9]), 'four ranges'],
    ['bytes=0-0,2-2,4-4,6-6,8-8', 10, WHOLE, 'five ranges get the whole'],
    ['bytes=0-4,4-8', 10, WHOLE, 'overlapping ranges get the whole'],
    ['bytes=5-,0-1,-1', 10, WHOLE, 'overlapping in any order'],
    ['bytes=0-1,20-30', 10, single(0, 1), 'ranges beyond the end are left out'],
    [
      'bytes=0-0,2-2,4-4,6-6,20-',
      10,
      several([0, 0], [2, 2], [4, 4], [6, 6]),
      'ranges beyond the end do not count towards the limit',
    ],
    ['bytes=,0-1 ,\t, 4-5,', 10, several([0, 1], [4, 5]), 'empty members do not count (§5.6.1.2)'],
    ['Bytes=0-1', 10, single(0, 1), 'the unit in another case'],
    ['bytes=00000000000000000000001-0000000000000000000000002', 10, single(1, 2), 'leading zeros'],
    [`bytes=0-${TWO_TO_53}`, 10, single(0, 9), 'a last position that no number holds'],
    [`bytes=0-${'9'.repeat(400)}`, 10, single(0, 9), 'a last position beyond every number'],
    [`bytes=${'9'.repeat(400)}-`, 10, UNSATISFIABLE, 'a first position beyond every number'],
    [`bytes=-${'9'.repeat(400)}`, 10, single(0, 9), 'a suffix beyond every number'],
    [
      'bytes=9007199254740993-9007199254740992',
      10,
      WHOLE,
      'an end before its beginning, both beyond the precision of a number',
    ],
    [
      'bytes=9007199254740992-9007199254740993',
      10,
      UNSATISFIABLE,
      'an end after its beginning, both beyond the precision of a number',
    ],
    ['bytes=5-4', 10, WHOLE, 'an end before its beginning'],
    ['bytes=0-1,5-4', 10, WHOLE, 'an end before its beginning among others'],
    ['bytes=10-9', 10, WHOLE, 'an end before its beginning by its digits'],
    ['bytes=', 10, WHOLE, 'no range'],
    ['bytes=,', 10, WHOLE, 'only empty members'],
    ['bytes=-', 10, WHOLE, 'neither end'],
    ['bytes=1', 10, WHOLE, 'no hyphen'],
    ['bytes=1-2-3', 10, WHOLE, 'two hyphens'],
    ['bytes=--1', 10, WHOLE, 'a negative suffix'],
    ['bytes=+1-2', 10, WHOLE, 'a sign'],
    ['bytes=0x1-2', 10, WHOLE, 'hexadecimal digits'],
    ['bytes=1e0-2', 10, WHOLE, 'an exponent'],
    ['bytes=1.0-2', 10, WHOLE, 'a fraction'],
    ['bytes=0 -1', 10, WHOLE, 'a space within a range'],
    ['bytes=0-1\xa0', 10, WHOLE, 'obs-text after a range'],
    ['bytes =0-1', 10, WHOLE, 'a space after the unit'],
    ['bytes 0-1', 10, WHOLE, 'the form of Content-Range'],
    ['bytes', 10, WHOLE, 'only a unit'],
    ['0-1', 10, WHOLE, 'no unit'],
    ['items=0-1', 10, WHOLE, 'an unknown unit (§14.2)'],
    ['', 10, WHOLE, 'nothing'],
  ]
  for (const [range, size, expected, rule] of cases) {
    it(`selectRanges(): ${rule} (${range.slice(0, 40)} of ${size})`, () =>
      assert.deepEqual(select(range, size), expected))
  }

  const requests: [method: string, fields: [string, string][], expected: RangeSelection, rule: string][] = [
    ['GET', [], WHOLE, 'no Range'],
    ['HEAD', [['range', 'bytes=0-1']], WHOLE, 'Range is only for GET (§14.2)'],
    ['POST', [['range', 'bytes=20-']], WHOLE, 'Range is only for GET (§14.2)'],
    [
      'GET',
      [
        ['range', 'bytes=0-1'],
        ['range', 'bytes=2-3'],
      ],
      WHOLE,
      'Range twice is malformed',
    ],
    [
      'GET',
      [
        ['range', 'bytes=0-1'],
        ['if-range', '"now"'],
      ],
      single(0, 1),
      'If-Range with our tag',
    ],
    [
      'GET',
      [
        ['range', 'bytes=0-1'],
        ['if-range', '"old"'],
      ],
      WHOLE,
      'If-Range with another tag',
    ],
    [
      'GET',
      [
        ['range', 'bytes=20-'],
        ['if-range', '"old"'],
      ],
      WHOLE,
      'If-Range comes before 416 (§14.2)',
    ],
    ['GET', [['if-range', '"now"']], WHOLE, 'If-Range without Range'],
  ]
  for (const [method, fields, expected, rule] of requests) {
    it(`selectRanges(): ${method}: ${rule}`, () => {
      assert.deepEqual(selectRanges(method, FieldSection.of(fields), 10, CURRENT, NOW), expected)
    })
  }

  it('selectRanges(): gives ranges within the size that do not overlap, for any request', () => {
    const position = fc.oneof(fc.nat(40).map(String), fc.constantFrom('', '0', TWO_TO_53, '9'.repeat(30)))
    const spec = fc.tuple(position, position).map(([first, last]) => `${first}-${last}`)
    fc.assert(
      fc.property(fc.array(spec, { maxLength: 6 }), fc.nat(40), (specs, size) => {
        const selection = select(`bytes=${specs.join(',')}`, size)
        const ranges = selection.kind === 'several' ? selection.ranges : []
        for (const { first, last } of selection.kind === 'single' ? [selection.range] : ranges) {
          assert.isTrue(first >= 0 && first <= last && last < size)
        }
        const positions = ranges.flatMap(({ first, last }) => [first, last]).sort((a, b) => a - b)
        const ends = ranges.map((range) => range.first).sort((a, b) => a - b)
        assert.deepEqual(
          positions.filter((_, at) => at % 2 === 0),
          ends,
        )
        assert.isTrue(selection.kind !== 'several' || (ranges.length >= 2 && ranges.length <= 4))
      }),
    )
  })

  it('selectRanges(): one range selects the same octets as slicing', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.nat(30), fc.integer({ min: 1, max: 30 }), (first, length, size) => {
        const octets = Array.from({ length: size }, (_, at) => at)
        const expected = octets.slice(first, first + length + 1)
        const selection = select(`bytes=${first}-${first + length}`, size)
        assert.deepEqual(selection, expected.length === 0 ? UNSATISFIABLE : single(expected[0]!, expected.at(-1)!))
      }),
    )
  })

  it('selectRanges(): answers any text with a selection', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9\-, \t="\\a]*$/), fc.nat(50), (text, size) => {
        assert.include(['whole', 'single', 'several', 'unsatisfiable'], select(`bytes=${text}`, size).kind)
      }),
    )
  })

  it('contentRange(), unsatisfiedRange(), rangeLength(): write ranges and count octets', () => {
    assert.equal(contentRange({ first: 0, last: 499 }, 1234), 'bytes 0-499/1234')
    assert.equal(unsatisfiedRange(1234), 'bytes */1234')
    assert.equal(rangeLength({ first: 0, last: 499 }), 500)
  })
})
