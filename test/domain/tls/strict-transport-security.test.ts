import { assert } from 'chai'
import { describe, it } from 'mocha'
import { isStrictTransportSecurity } from '../../../src/domain/tls/strict-transport-security.js'

describe('isStrictTransportSecurity()', () => {
  const cases: [text: string, expected: boolean, rule: string][] = [
    ['max-age=31536000', true, 'a time'],
    ['max-age=0', true, 'a time of 0, which ends it'],
    ['max-age="60"', true, 'a time in quotes'],
    ['MAX-AGE=60; IncludeSubDomains', true, 'any case'],
    ['includeSubDomains; max-age=60; preload', true, 'directives in any order, and others'],
    ['max-age=60;includeSubDomains', true, 'no space between'],
    [' ;; max-age = 60 ; ', true, 'empty directives, and space around all'],
    ['max-age=60; extension="a b"', true, 'an unknown directive with a value in quotes'],
    ['max-age=60; extension="a;b"', true, 'a semicolon inside quotes'],
    ['', false, 'an empty value'],
    ['includeSubDomains', false, 'no time'],
    ['max-age', false, 'a time without its value'],
    ['max-age=', false, 'an empty time'],
    ['max-age=1y', false, 'a time that is no number of seconds'],
    ['max-age=-1', false, 'a negative time'],
    ['max-age="60', false, 'a quote without its end'],
    ['max-age=60; max-age=61', false, 'a directive twice'],
    ['max-age=60; Max-Age=60', false, 'a directive twice, in another case'],
    ['max-age=60, includeSubDomains', false, 'commas in place of semicolons'],
    ['max-age=60; includeSubDomains=yes', false, 'a value for includeSubDomains'],
    ['max-age=60; include sub', false, 'a space in a directive'],
    ['max-age: 60', false, 'a colon'],
  ]
  for (const [text, expected, rule] of cases) {
    it(`${expected ? 'takes' : 'refuses'} ${rule}: "${text}"`, () => {
      assert.equal(isStrictTransportSecurity(text), expected)
    })
  }
})
