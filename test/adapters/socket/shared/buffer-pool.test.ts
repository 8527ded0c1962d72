import { assert } from 'chai'
import { describe, it } from 'mocha'
import { BufferPool } from '../../../../src/adapters/socket/shared/buffer-pool.js'

describe('BufferPool', () => {
  it('reuses a buffer that was given back', () => {
    const pool = new BufferPool(8, 2)
    const first = pool.take()
    pool.giveBack(first)
    assert.strictEqual(pool.take(), first)
    assert.notStrictEqual(pool.take(), first)
  })

  it('keeps at most the given number of free buffers', () => {
    const pool = new BufferPool(8, 1)
    const [kept, dropped] = [pool.take(), pool.take()]
    pool.giveBack(kept)
    pool.giveBack(dropped)
    assert.strictEqual(pool.take(), kept)
    assert.notStrictEqual(pool.take(), dropped)
  })
})
