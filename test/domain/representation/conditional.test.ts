import { assert } from 'chai'
import { describe, it } from 'mocha'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import {
  evaluatePreconditions,
  ifRangeHolds,
  type PreconditionResult,
} from '../../../src/domain/representation/conditional.js'

const LAST_MODIFIED = Date.UTC(1994, 10, 6, 8, 49, 37)
const NOW = Date.UTC(2026, 10, 22, 12)
const CURRENT = { etag: '"now"', lastModifiedMs: LAST_MODIFIED }

const BEFORE = 'Sun, 06 Nov 1994 08:49:36 GMT'
const SAME = 'Sun, 06 Nov 1994 08:49:37 GMT'
const AFTER = 'Sun, 06 Nov 1994 08:49:38 GMT'

type Fields = [name: string, value: string][]
type Case = [fields: Fields, expected: PreconditionResult, rule: string]

describe('Conditional requests', () => {
  const reads: Case[] = [
    [[], 'proceed', 'no condition'],
    [[['if-match', '"now"']], 'proceed', 'If-Match with our tag'],
    [[['if-match', '*']], 'proceed', 'If-Match with a star'],
    [[['if-match', '"old", "now"']], 'proceed', 'If-Match with our tag among others'],
    [
      [
        ['if-match', '"old"'],
        ['if-match', '"now"'],
      ],
      'proceed',
      'If-Match on two lines is one list',
    ],
    [[['if-match', '"old"']], 'failed', 'If-Match without our tag'],
    [[['if-match', 'W/"now"']], 'failed', 'If-Match compares strongly (§13.1.1)'],
    [[['if-match', 'now']], 'failed', 'If-Match that is malformed matches nothing'],
    [[['if-match', '']], 'failed', 'If-Match that is empty matches nothing'],
    [[['if-none-match', '"now"']], 'not-modified', 'If-None-Match with our tag'],
    [[['if-none-match', 'W/"now"']], 'not-modified', 'If-None-Match compares weakly (§13.1.2)'],
    [[['if-none-match', '*']], 'not-modified', 'If-None-Match with a star'],
    [[['if-none-match', '"old"']], 'proceed', 'If-None-Match without our tag'],
    [[['if-none-match', 'now']], 'proceed', 'If-None-Match that is malformed matches nothing'],
    [[['if-unmodified-since', SAME]], 'proceed', 'If-Unmodified-Since our date'],
    [[['if-unmodified-since', AFTER]], 'proceed', 'If-Unmodified-Since a later date'],
    [[['if-unmodified-since', BEFORE]], 'failed', 'If-Unmodified-Since an earlier date'],
    [[['if-unmodified-since', 'yesterday']], 'proceed', 'If-Unmodified-Since with an invalid date is ignored'],
    [[['if-modified-since', SAME]], 'not-modified', 'If-Modified-Since our date'],
    [[['if-modified-since', AFTER]], 'not-modified', 'If-Modified-Since a later date'],
    [[['if-modified-since', BEFORE]], 'proceed', 'If-Modified-Since an earlier date'],
    [[['if-modified-since', 'Sunday, 06-Nov-94 08:49:37 GMT']], 'not-modified', 'If-Modified-Since in RFC 850 format'],
    [[['if-modified-since', 'yesterday']], 'proceed', 'If-Modified-Since with an invalid date is ignored'],
    [
      [
        ['if-modified-since', SAME],
        ['if-modified-since', SAME],
      ],
      'proceed',
      'If-Modified-Since twice is no date',
    ],
    [
      [
        ['if-match', '"now"'],
        ['if-unmodified-since', BEFORE],
      ],
      'proceed',
      'If-Match switches If-Unmodified-Since off',
    ],
    [
      [
        ['if-none-match', '"old"'],
        ['if-modified-since', SAME],
      ],
      'proceed',
      'If-None-Match switches If-Modified-Since off',
    ],
    [
      [
        ['if-none-match', 'now'],
        ['if-modified-since', SAME],
      ],
      'proceed',
      'a malformed If-None-Match switches If-Modified-Since off',
    ],
    [
      [
        ['if-none-match', '"now"'],
        ['if-modified-since', BEFORE],
      ],
      'not-modified',
      'whatever the date',
    ],
    [
      [
        ['if-match', '"old"'],
        ['if-none-match', '"now"'],
      ],
      'failed',
      'If-Match comes first (§13.2.2)',
    ],
    [
      [
        ['if-match', '"now"'],
        ['if-none-match', '"now"'],
      ],
      'not-modified',
      'If-None-Match comes after If-Match',
    ],
    [
      [
        ['if-unmodified-since', BEFORE],
        ['if-none-match', '"now"'],
      ],
      'failed',
      'If-Unmodified-Since comes before it',
    ],
    [
      [
        ['if-match', '"now"'],
        ['if-modified-since', SAME],
      ],
      'not-modified',
      'If-Modified-Since comes last',
    ],
  ]
  for (const method of ['GET', 'HEAD']) {
    for (const [fields, expected, rule] of reads) {
      it(`evaluatePreconditions(): ${method}: ${rule}`, () => {
        assert.equal(evaluatePreconditions(method, FieldSection.of(fields), CURRENT, NOW), expected)
      })
    }
  }

  const writes: Case[] = [
    [[['if-match', '"now"']], 'proceed', 'If-Match with our tag'],
    [[['if-match', '"old"']], 'failed', 'If-Match without our tag'],
    [[['if-none-match', '"now"']], 'failed', 'If-None-Match with our tag is 412, never 304'],
    [[['if-none-match', '*']], 'failed', 'If-None-Match with a star when there is a representation'],
    [[['if-none-match', '"old"']], 'proceed', 'If-None-Match without our tag'],
    [[['if-unmodified-since', BEFORE]], 'failed', 'If-Unmodified-Since an earlier date'],
    [[['if-modified-since', SAME]], 'proceed', 'If-Modified-Since is only for GET and HEAD (§13.1.3)'],
  ]
  for (const [fields, expected, rule] of writes) {
    it(`evaluatePreconditions(): PUT: ${rule}`, () => {
      assert.equal(evaluatePreconditions('PUT', FieldSection.of(fields), CURRENT, NOW), expected)
    })
  }

  const missing: Case[] = [
    [[['if-match', '*']], 'failed', 'If-Match with a star'],
    [[['if-match', '"now"']], 'failed', 'If-Match with a tag'],
    [[['if-none-match', '*']], 'proceed', 'If-None-Match with a star'],
    [[['if-none-match', '"now"']], 'proceed', 'If-None-Match with a tag'],
    [[['if-unmodified-since', BEFORE]], 'proceed', 'If-Unmodified-Since is ignored'],
  ]
  for (const [fields, expected, rule] of missing) {
    it(`evaluatePreconditions(): PUT without a representation: ${rule}`, () => {
      assert.equal(evaluatePreconditions('PUT', FieldSection.of(fields), null, NOW), expected)
    })
  }

  it('evaluatePreconditions(): GET without a representation: If-Modified-Since is ignored', () => {
    assert.equal(evaluatePreconditions('GET', FieldSection.of([['if-modified-since', SAME]]), null, NOW), 'proceed')
  })

  const ifRanges: [ifRange: string, nowMs: number, expected: boolean, rule: string][] = [
    ['"now"', NOW, true, 'our tag'],
    ['"old"', NOW, false, 'another tag'],
    ['W/"now"', NOW, false, 'a weak tag'],
    ['"now', NOW, false, 'a malformed tag'],
    ['"now", "old"', NOW, false, 'a list'],
    ['*', NOW, false, 'a star'],
    [SAME, NOW, true, 'our date'],
    [AFTER, NOW, false, 'a later date: it must be the same (§13.1.5)'],
    [BEFORE, NOW, false, 'an earlier date'],
    ['yesterday', NOW, false, 'an invalid date'],
    [SAME, LAST_MODIFIED + 1000, true, 'our date, when its second is over'],
    [SAME, LAST_MODIFIED + 999, false, 'our date, in the second of the change (§8.8.2.2)'],
  ]
  for (const [ifRange, nowMs, expected, rule] of ifRanges) {
    it(`ifRangeHolds(): ${rule}`, () => {
      assert.equal(ifRangeHolds(FieldSection.of([['if-range', ifRange]]), CURRENT, nowMs), expected)
    })
  }

  it('ifRangeHolds(): weak tags never match, even when ours is weak', () => {
    const weak = { etag: 'W/"now"', lastModifiedMs: LAST_MODIFIED }
    assert.isFalse(ifRangeHolds(FieldSection.of([['if-range', 'W/"now"']]), weak, NOW))
  })

  it('ifRangeHolds(): holds without the field', () => {
    assert.isTrue(ifRangeHolds(FieldSection.of([]), CURRENT, NOW))
  })
})
