import { assert } from 'chai'
import { describe, it } from 'mocha'
import { clockContract } from '../contract/clock.js'
import { FakeClock } from './fake-clock.js'

clockContract('FakeClock', () => {
  const clock = new FakeClock()
  return { clock, pass: (ms) => clock.advance(ms) }
})

describe('FakeClock', () => {
  it('runs due timers in order, each at its time', () => {
    const clock = new FakeClock()
    const seen: string[] = []
    clock.after(30, () => seen.push(`after ${clock.now()}`))
    clock.every(20, () => seen.push(`every ${clock.now()}`))
    clock.advance(40)
    assert.deepEqual(seen, ['every 20', 'after 30', 'every 40'])
    assert.equal(clock.now(), 40)
    assert.equal(clock.pending, 1)
  })
})
