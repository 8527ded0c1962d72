import { assert } from 'chai'
import { describe, it } from 'mocha'
import { persists } from '../../../src/domain/connection/persistence.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'

describe('persists() (RFC 9112 §9.3)', () => {
  const cases: [connection: string[], minor: number, expected: boolean, rule: string][] = [
    [[], 1, true, '1.1 persists'],
    [[], 0, false, '1.0 does not'],
    [['close'], 1, false, '1.1 closes when it says so'],
    [['CLOSE'], 1, false, 'case does not matter'],
    [['keep-alive'], 0, true, '1.0 persists when it says so'],
    [['Keep-Alive'], 0, true, 'nor here'],
    [['keep-alive'], 1, true, 'keep-alive says nothing new on 1.1'],
    [['close'], 0, false, '1.0 may say close'],
    [['keep-alive, close'], 0, false, 'close wins on 1.0'],
    [['keep-alive', 'close'], 1, false, 'close wins on a line of its own'],
    [['x ,\tclose'], 1, false, 'white space around members is none of theirs'],
    [['closed, enclose, close-x'], 1, true, 'other words are other options'],
    [['x'], 0, false, 'an option that is none of ours does not keep 1.0'],
    [[''], 1, true, 'an empty value says nothing'],
  ]
  for (const [connection, minor, expected, rule] of cases) {
    it(rule, () => {
      const fields = FieldSection.of(connection.map((value) => ['Connection', value]))
      assert.equal(persists(fields, minor), expected)
    })
  }
})
