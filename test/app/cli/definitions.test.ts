import { assert } from 'chai'
import { describe, it } from 'mocha'
import { definitions } from '../../../src/app/cli/definitions.js'

describe('definitions()', () => {
  it('aligns the texts, two spaces after the longest term', () => {
    const rows = [
      ['a', 'first'],
      ['long', 'second'],
    ] as const
    assert.equal(definitions(rows, 80), '  a     first\n  long  second\n')
  })

  it('wraps a text at spaces, below its first line', () => {
    assert.equal(definitions([['a', 'one two three']], 12), '  a  one two\n     three\n')
  })

  it('does not split a word that is longer than the width', () => {
    assert.equal(definitions([['a', 'one extraordinary two']], 12), '  a  one\n     extraordinary\n     two\n')
  })
})
