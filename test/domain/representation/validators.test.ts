import { assert } from 'chai'
import { describe, it } from 'mocha'
import { entityTagOf } from '../../../src/domain/representation/entity-tag.js'
import { validatorsOf } from '../../../src/domain/representation/validators.js'

const FILE = { size: 1024, modifiedMs: 1_700_000_000_999.9, changedMs: 1_700_000_000_999.9, inode: 4711 }

describe('Validators', () => {
  const cases: [modifiedMs: number, nowMs: number, expected: number, rule: string][] = [
    [1_700_000_000_999.9, 1_800_000_000_000, 1_700_000_000_000, 'is in whole seconds'],
    [1_700_000_000_000, 1_600_000_000_500, 1_600_000_000_000, 'is never in the future (§8.8.2.1)'],
    [-500, 1_600_000_000_000, -1000, 'rounds back before 1970 too'],
  ]
  for (const [modifiedMs, nowMs, expected, rule] of cases) {
    it(`validatorsOf(): the date ${rule}`, () => {
      assert.equal(validatorsOf({ ...FILE, modifiedMs }, nowMs).lastModifiedMs, expected)
    })
  }

  it('validatorsOf(): the entity tag is that of the file in its coding', () => {
    assert.equal(validatorsOf(FILE, 0).etag, entityTagOf(FILE))
    assert.equal(validatorsOf(FILE, 0, 'br').etag, entityTagOf(FILE, 'br'))
  })
})
