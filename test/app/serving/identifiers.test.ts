import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Identifiers } from '../../../src/app/serving/identifiers.js'

const MANY = 100_000

describe('Identifiers', () => {
  it('of requests are all different, short, and plain in a field and a URL', () => {
    const identifiers = new Identifiers()
    const ids = Array.from({ length: MANY }, () => identifiers.request())
    assert.equal(new Set(ids).size, MANY)
    for (const id of ids) assert.match(id, /^[\w-]{8}-[0-9a-z]{2,4}$/)
  })

  it('of requests begin otherwise in each process', () => {
    assert.notEqual(new Identifiers().request(), new Identifiers().request())
  })

  it('of traces are 32 hexadecimal digits, all different', () => {
    const identifiers = new Identifiers()
    const ids = Array.from({ length: 1000 }, () => identifiers.trace())
    assert.equal(new Set(ids).size, 1000)
    for (const id of ids) assert.match(id, /^[0-9a-f]{32}$/)
  })
})
