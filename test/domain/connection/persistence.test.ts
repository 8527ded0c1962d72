import { assert } from 'chai'
import { describe, it } from 'mocha'
import { persists } from '../../../src/domain/connection/persistence.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'

describe('persists() (RFC 9112 §9.3)', () => {
  const cases: [connection: string[], minor: number, expected: boolean, rule: string][] = [
    [[], 1, true, '1.1 persists'],
    [[], 0, false, '1.0 does not persist'],
    [['close'], 1, false, '1.1 closes when it says close'],
    [['CLOSE'], 1, false, 'case does not matter'],
    [['keep-alive'], 0, true, '1.0 persists when it says keep-alive'],
    [['Keep-Alive'], 0, true, 'case does not matter for keep-alive'],
    [['keep-alive'], 1, true, 'keep-alive changes nothing on 1.1'],
    [['close'], 0, false, '1.0 may say close'],
    [['keep-alive, close'], 0, false, 'close overrides keep-alive on 1.0'],
    [['keep-alive', 'close'], 1, false, 'close on another line overrides keep-alive'],
    [['x ,\tclose'], 1, false, 'white space around members is removed'],
    [['closed, enclose, close-x'], 1, true, 'options that only contain the word do not count'],
    [['x'], 0, false, 'an unknown option does not make 1.0 persist'],
    [[''], 1, true, 'an empty value changes nothing'],
  ]
  for (const [connection, minor, expected, rule] of cases) {
    it(rule, () => {
      const fields = FieldSection.of(connection.map((value) => ['Connection', value]))
      assert.equal(persists(fields, minor), expected)
    })
  }
})
