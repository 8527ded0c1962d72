import { assert } from 'chai'
import { describe, it } from 'mocha'
import { nearest } from '../../../src/adapters/settings/nearest.js'

const NAMES = ['host', 'port', 'limits.fields', 'drain.timeoutMs']

const cases: [word: string, expected: string | null, rule: string][] = [
  ['port', 'port', 'the name itself is nearest'],
  ['prt', 'port', 'a letter that is missing'],
  ['poort', 'port', 'a letter too many'],
  ['pord', 'port', 'a wrong letter'],
  ['prot', 'port', 'two letters swapped'],
  ['PORT', 'port', 'letter case does not count'],
  ['fields', 'limits.fields', 'the last part of a dotted name'],
  ['timeoutMS', 'drain.timeoutMs', 'both'],
  ['banana', null, 'nothing is near'],
  ['', null, 'an empty word is near nothing'],
]

describe('nearest()', () => {
  for (const [word, expected, rule] of cases) it(rule, () => assert.equal(nearest(word, NAMES), expected))

  it('finds nothing among no names', () => assert.isNull(nearest('port', [])))
})
