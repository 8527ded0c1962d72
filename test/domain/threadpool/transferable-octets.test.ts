import { assert } from 'chai'
import { describe, it } from 'mocha'
import { movable, transferableOctets } from '../../../src/domain/threadpool/transferable-octets.js'

describe('ownOctets()', () => {
  it('has exactly the octets of a view, in memory of its own', () => {
    const pool = Buffer.from('before octets after')
    const own = transferableOctets(pool.subarray(7, 13))
    assert.equal(Buffer.from(own).toString(), 'octets')
    assert.equal(own.buffer.byteLength, 6)
    pool.fill(0)
    assert.equal(Buffer.from(own).toString(), 'octets')
  })
})

describe('movable()', () => {
  it('is the memory of what is large, and nothing of what is cheaper copied', () => {
    const large = transferableOctets(Buffer.alloc(100_000))
    assert.strictEqual(movable(large), large.buffer)
    assert.isNull(movable(transferableOctets(Buffer.alloc(100))))
  })
})
