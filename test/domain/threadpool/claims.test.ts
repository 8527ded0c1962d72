import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Claims } from '../../../src/domain/threadpool/claims.js'

describe('Claims', () => {
  it('lets only the side that is first claim a request', () => {
    const main = Claims.forSlots(4)
    const thread = new Claims(main.memory)
    const number = main.numberAfter(0, 2)
    assert.isFalse(thread.claim(number), 'not claimable before it is open')
    main.open(number)
    assert.isTrue(main.isOpen(number))
    assert.isTrue(thread.claim(number))
    assert.isFalse(main.isOpen(number))
    assert.isFalse(main.claim(number))
  })

  it('does not confuse the next request in a slot with the previous one', () => {
    const claims = Claims.forSlots(2)
    const first = claims.numberAfter(0, 1)
    claims.open(first)
    claims.claim(first)
    const second = claims.numberAfter(first, 1)
    claims.open(second)
    assert.isFalse(claims.claim(first))
    assert.isTrue(claims.claim(second))
  })

  it('numbers requests so that the slot follows, none is 0, all fit into a word, and each differs from the previous', () => {
    const slots = fc.integer({ min: 1, max: 1000 })
    const steps = fc.integer({ min: 0, max: 2 ** 31 })
    fc.assert(
      fc.property(slots, fc.nat(), steps, (count, any, step) => {
        const claims = Claims.forSlots(count)
        const slot = any % count
        const previous = step < count ? 0 : step - (step % count) + slot
        const number = claims.numberAfter(previous < 2 ** 31 ? previous : 0, slot)
        assert.equal(claims.slotOf(number), slot)
        assert.isAbove(number, 0)
        assert.isBelow(number, 2 ** 31)
        assert.notEqual(number, previous)
      }),
    )
  })
})
