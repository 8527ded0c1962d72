import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { WaitingQueue } from '../../../src/domain/workers/waiting-queue.js'

const MAX_LENGTH = 3
const MAX_WAIT_MS = 100

/** A queue with these items, each added at its time. */
function queueOf(...items: [item: string, nowMs: number][]): WaitingQueue<string> {
  const queue = new WaitingQueue<string>(MAX_LENGTH, MAX_WAIT_MS)
  for (const [item, nowMs] of items) queue.add(item, nowMs)
  return queue
}

describe('WaitingQueue', () => {
  it('accepts items up to its maximum length, and one more when one has left', () => {
    const queue = queueOf(['a', 0], ['b', 0], ['c', 0])
    assert.isFalse(queue.add('d', 0))
    queue.shift()
    assert.isTrue(queue.add('e', 0))
    assert.equal(queue.length, MAX_LENGTH)
  })

  it('returns items in the order in which they were added', () => {
    const queue = queueOf(['a', 0], ['b', 1])
    assert.deepEqual([queue.shift(), queue.shift(), queue.shift()], ['a', 'b', null])
  })

  it('returns the items that have waited too long', () => {
    const queue = queueOf(['a', 0], ['b', 1], ['c', 2])
    assert.deepEqual(queue.takeOverdue(99), [])
    assert.deepEqual(queue.takeOverdue(101), ['a', 'b'])
    assert.equal(queue.shift(), 'c')
  })

  it('returns all items when all have waited too long', () => {
    const queue = queueOf(['a', 0], ['b', 1])
    assert.deepEqual(queue.takeOverdue(1000), ['a', 'b'])
    assert.equal(queue.length, 0)
  })

  it('loses no item and keeps the order, whatever happens', () => {
    const steps = fc.oneof(fc.constant('add'), fc.constant('next'), fc.constant('overdue'))
    fc.assert(
      fc.property(fc.array(fc.tuple(steps, fc.nat(60))), (steps) => {
        const queue = new WaitingQueue<number>(MAX_LENGTH, MAX_WAIT_MS)
        const [added, removed]: [number[], number[]] = [[], []]
        let [nowMs, count] = [0, 0]
        for (const [step, passedMs] of steps) {
          nowMs += passedMs
          if (step === 'add' && queue.add(count, nowMs)) added.push(count++)
          else if (step === 'next') removed.push(...[queue.shift()].filter((item) => item !== null))
          else if (step === 'overdue') removed.push(...queue.takeOverdue(nowMs))
        }
        removed.push(...queue.takeOverdue(Infinity))
        assert.deepEqual(removed, added)
      }),
    )
  })
})
