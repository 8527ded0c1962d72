import { assert } from 'chai'
import { describe, it } from 'mocha'
import { table } from '../../../src/app/cli/table.js'

const cases: [rows: string[][], expected: string, rule: string][] = [
  [[], '', 'no rows, no text'],
  [[['a']], 'a\n', 'each line is ended'],
  [
    [
      ['a', 'b'],
      ['long', 'c'],
    ],
    'a     b\nlong  c\n',
    'columns are aligned, two spaces apart',
  ],
  [
    [
      ['a', ''],
      ['b', 'longer'],
    ],
    'a\nb  longer\n',
    'lines end in no space',
  ],
]

describe('table()', () => {
  for (const [rows, expected, rule] of cases) it(rule, () => assert.equal(table(rows), expected))
})
