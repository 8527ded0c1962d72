import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { WaitingQueue } from '../../../src/domain/workers/waiting-queue.js'

const ROOM = 3
const LONGEST_MS = 100

/** A line that some have joined, each with the time of it. */
function lineOf(...joined: [one: string, nowMs: number][]): WaitingQueue<string> {
  const line = new WaitingQueue<string>(ROOM, LONGEST_MS)
  for (const [one, nowMs] of joined) line.join(one, nowMs)
  return line
}

describe('WaitingLine', () => {
  it('has room for so many, and again for one when one has left', () => {
    const line = lineOf(['a', 0], ['b', 0], ['c', 0])
    assert.isFalse(line.join('d', 0))
    line.next()
    assert.isTrue(line.join('e', 0))
    assert.equal(line.length, ROOM)
  })

  it('is left in the order in which it was joined', () => {
    const line = lineOf(['a', 0], ['b', 1])
    assert.deepEqual([line.next(), line.next(), line.next()], ['a', 'b', null])
  })

  it('is left by those who have waited as long as one may', () => {
    const line = lineOf(['a', 0], ['b', 1], ['c', 2])
    assert.deepEqual(line.overdue(99), [])
    assert.deepEqual(line.overdue(101), ['a', 'b'])
    assert.equal(line.next(), 'c')
  })

  it('is left by all in the end', () => {
    const line = lineOf(['a', 0], ['b', 1])
    assert.deepEqual(line.overdue(1000), ['a', 'b'])
    assert.equal(line.length, 0)
  })

  it('loses nobody and keeps the order, whatever happens', () => {
    const step = fc.oneof(fc.constant('join'), fc.constant('next'), fc.constant('overdue'))
    fc.assert(
      fc.property(fc.array(fc.tuple(step, fc.nat(60))), (steps) => {
        const line = new WaitingQueue<number>(ROOM, LONGEST_MS)
        const [entered, left]: [number[], number[]] = [[], []]
        let [nowMs, count] = [0, 0]
        for (const [what, passedMs] of steps) {
          nowMs += passedMs
          if (what === 'join' && line.join(count, nowMs)) entered.push(count++)
          else if (what === 'next') left.push(...[line.next()].filter((one) => one !== null))
          else if (what === 'overdue') left.push(...line.overdue(nowMs))
        }
        left.push(...line.overdue(Infinity))
        assert.deepEqual(left, entered)
      }),
    )
  })
})
