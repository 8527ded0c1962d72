import { assert } from 'chai'
import { describe, it } from 'mocha'
import { preferredCoding, type ContentCoding } from '../../../src/domain/representation/content-coding.js'

const ALL: ContentCoding[] = ['br', 'gzip', 'identity']

describe('Content coding', () => {
  const cases: [field: string | null, available: ContentCoding[], expected: ContentCoding | null, rule: string][] = [
    [null, ALL, 'identity', 'without the field, no coding is used'],
    [null, ['gzip'], null, 'without the field, no coding is forced on a peer'],
    ['', ALL, 'identity', 'an empty field accepts no coding (§12.5.3)'],
    ['gzip, deflate, br, zstd', ALL, 'br', 'we choose between equal weights'],
    ['gzip, deflate, br, zstd', ['gzip', 'identity'], 'gzip', 'a coding that is not available is not chosen'],
    ['gzip, deflate, br, zstd', ['identity'], 'identity', 'only the plain file is available'],
    ['gzip', ALL, 'gzip', 'a named coding comes before identity'],
    ['gzip;q=0.001', ALL, 'gzip', 'a named coding comes before identity even with the smallest weight'],
    ['br;q=0.5, gzip;q=0.9', ALL, 'gzip', 'the higher weight wins'],
    ['identity, gzip;q=0.5', ALL, 'identity', 'identity can have the highest weight'],
    ['identity;q=0.5, gzip;q=0.3', ALL, 'identity', 'identity has a weight like the others'],
    ['GZIP', ALL, 'gzip', 'case does not count'],
    ['x-gzip', ALL, 'gzip', 'x-gzip is gzip (§8.4.1.3)'],
    ['*', ALL, 'br', 'a star stands for every coding'],
    ['*, br;q=0', ALL, 'gzip', 'a star does not stand for what is named'],
    ['br;q=0, gzip;q=0', ALL, 'identity', 'identity is acceptable unless refused'],
    ['*;q=0', ALL, null, 'a star refuses identity too'],
    ['*;q=0, identity', ALL, 'identity', 'unless it is named'],
    ['identity;q=0', ALL, null, 'identity refused, and nothing else asked for'],
    ['identity;q=0, gzip', ['identity'], null, 'identity refused, and the rest is not there'],
    ['identity;q=0, gzip', ALL, 'gzip', 'identity refused for another'],
    ['gzip;q=5', ALL, 'identity', 'a malformed weight says nothing'],
  ]
  for (const [field, available, expected, rule] of cases) {
    it(`preferredCoding(): ${rule}`, () => assert.equal(preferredCoding(field, available), expected))
  }
})
