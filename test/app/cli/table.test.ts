import { assert } from 'chai'
import { describe, it } from 'mocha'
import { table } from '../../../src/app/cli/table.js'

const cases: [rows: string[][], expected: string, rule: string][] = [
  [[], '', 'returns an empty text for no rows'],
  [[['a']], 'a\n', 'ends each line'],
  [
    [
      ['a', 'b'],
      ['long', 'c'],
    ],
    'a     b\nlong  c\n',
    'aligns columns, two spaces apart',
  ],
  [
    [
      ['a', ''],
      ['b', 'longer'],
    ],
    'a\nb  longer\n',
    'leaves no trailing spaces',
  ],
]

describe('table()', () => {
  for (const [rows, expected, rule] of cases) it(rule, () => assert.equal(table(rows), expected))
})
