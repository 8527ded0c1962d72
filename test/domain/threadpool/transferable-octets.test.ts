import { assert } from 'chai'
import { describe, it } from 'mocha'
import { memoryToTransfer, transferableOctets } from '../../../src/domain/threadpool/transferable-octets.js'

describe('transferableOctets()', () => {
  it('copies exactly the octets of a view, into memory of their own', () => {
    const pool = Buffer.from('before octets after')
    const own = transferableOctets(pool.subarray(7, 13))
    assert.equal(Buffer.from(own).toString(), 'octets')
    assert.equal(own.buffer.byteLength, 6)
    pool.fill(0)
    assert.equal(Buffer.from(own).toString(), 'octets')
  })
})

describe('memoryToTransfer()', () => {
  it('is the memory of large content, and null for content that is cheaper to copy', () => {
    const large = transferableOctets(Buffer.alloc(100_000))
    assert.strictEqual(memoryToTransfer(large), large.buffer)
    assert.isNull(memoryToTransfer(transferableOctets(Buffer.alloc(100))))
  })
})
