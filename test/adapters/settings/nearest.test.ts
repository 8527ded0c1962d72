import { assert } from 'chai'
import { describe, it } from 'mocha'
import { nearest } from '../../../src/adapters/settings/nearest.js'

const NAMES = ['host', 'port', 'limits.fields', 'drain.timeoutMs']

const cases: [word: string, expected: string | null, rule: string][] = [
  ['port', 'port', 'finds the name itself'],
  ['prt', 'port', 'finds a name despite a missing letter'],
  ['poort', 'port', 'finds a name despite an extra letter'],
  ['pord', 'port', 'finds a name despite a wrong letter'],
  ['prot', 'port', 'finds a name despite two swapped letters'],
  ['PORT', 'port', 'ignores letter case'],
  ['fields', 'limits.fields', 'finds a dotted name by its last part'],
  ['timeoutMS', 'drain.timeoutMs', 'finds the last part in another letter case'],
  ['banana', null, 'finds nothing for a word that resembles no name'],
  ['', null, 'finds nothing for an empty word'],
]

describe('nearest()', () => {
  for (const [word, expected, rule] of cases) it(rule, () => assert.equal(nearest(word, NAMES), expected))

  it('finds nothing among no names', () => assert.isNull(nearest('port', [])))
})
