import { assert } from 'chai'
import { describe, it } from 'mocha'
import { expectsContinue } from '../../../src/domain/connection/expectation.js'
import { FieldSection } from '../../../src/domain/message/field-section.js'
import { ProtocolError } from '../../../src/domain/message/protocol-error.js'

describe('expectsContinue() (RFC 9110 §10.1.1)', () => {
  const cases: [expect: string[], minor: number, hasContent: boolean, expected: boolean | 417, rule: string][] = [
    [[], 1, true, false, 'no expectation'],
    [['100-continue'], 1, true, true, 'content to come'],
    [['100-CONTINUE'], 1, true, true, 'case does not matter'],
    [['100-continue'], 1, false, false, 'no content to come'],
    [['100-continue'], 0, true, false, '1.0 must be ignored'],
    [['x'], 1, true, 417, 'another expectation'],
    [['x'], 1, false, 417, 'another expectation without content'],
    [[''], 1, true, 417, 'an empty expectation'],
    [['100-continue', 'x'], 1, true, 417, 'another expectation on a second line'],
    [['100-continue;q=1'], 1, true, 417, 'a parameter'],
  ]
  for (const [expect, minor, hasContent, expected, rule] of cases) {
    it(rule, () => {
      const fields = FieldSection.of(expect.map((value) => ['Expect', value]))
      const read = (): boolean => expectsContinue(fields, minor, hasContent)
      if (expected === 417) assert.throws(read, ProtocolError)
      else assert.equal(read(), expected)
    })
  }
})
