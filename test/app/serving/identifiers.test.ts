import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Identifiers } from '../../../src/app/serving/identifiers.js'

const MANY = 100_000

describe('Identifiers', () => {
  it('makes request ids that are unique, short, and need no quoting in a field or a URL', () => {
    const identifiers = new Identifiers()
    const ids = Array.from({ length: MANY }, () => identifiers.request())
    assert.equal(new Set(ids).size, MANY)
    for (const id of ids) assert.match(id, /^[\w-]{8}-[0-9a-z]{2,4}$/)
  })

  it('starts request ids with another prefix in each process', () => {
    assert.notEqual(new Identifiers().request(), new Identifiers().request())
  })

  it('makes unique trace ids of 32 hexadecimal digits', () => {
    const identifiers = new Identifiers()
    const ids = Array.from({ length: 1000 }, () => identifiers.trace())
    assert.equal(new Set(ids).size, 1000)
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/)
  })
})
