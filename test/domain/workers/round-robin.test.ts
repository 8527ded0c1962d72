import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { RoundRobin } from '../../../src/domain/workers/round-robin.js'

const LATE_AFTER_MS = 100

function roundRobinOf(...workers: number[]): RoundRobin {
  const roundRobin = new RoundRobin(LATE_AFTER_MS)
  for (const worker of workers) roundRobin.add(worker)
  return roundRobin
}

/** Hands connections off. @returns the worker that got each; null when none could */
function handOff(roundRobin: RoundRobin, connections: readonly number[], nowMs = 0): (number | null)[] {
  return connections.map((connection) => {
    const worker = roundRobin.nextWorker(nowMs)
    if (worker !== null) roundRobin.handedOff(worker, connection, nowMs)
    return worker
  })
}

describe('RoundRobin', () => {
  it('chooses no worker when there is none', () => {
    assert.deepEqual(handOff(roundRobinOf(), [10]), [null])
  })

  it('gives each worker the same number of connections, in turns', () => {
    assert.deepEqual(handOff(roundRobinOf(1, 2, 3), [10, 11, 12, 13, 14, 15]), [1, 2, 3, 1, 2, 3])
  })

  it('gives a new worker its turn, and no more than that', () => {
    const roundRobin = roundRobinOf(1, 2)
    handOff(roundRobin, [10, 11, 12, 13, 14, 15])
    roundRobin.add(3)
    assert.deepEqual(handOff(roundRobin, [16, 17, 18, 19, 20, 21]), [3, 1, 2, 3, 1, 2])
  })

  it('passes over a late worker until it has acknowledged all its connections', () => {
    const roundRobin = roundRobinOf(1, 2)
    handOff(roundRobin, [10, 11, 12, 13])
    for (const connection of [11, 13]) roundRobin.acknowledged(2, connection)
    assert.deepEqual(roundRobin.late(100), [])
    assert.deepEqual(roundRobin.late(101), [1])
    assert.deepEqual(handOff(roundRobin, [14, 15], 101), [2, 2])
    roundRobin.acknowledged(1, 10)
    assert.deepEqual(roundRobin.late(101), [1])
    roundRobin.acknowledged(1, 12)
    assert.deepEqual(handOff(roundRobin, [16, 17], 101), [1, 2])
  })

  it('chooses no worker while all are late', () => {
    const roundRobin = roundRobinOf(1, 2)
    handOff(roundRobin, [10, 11, 12])
    assert.deepEqual(handOff(roundRobin, [13], 1000), [null])
    roundRobin.acknowledged(2, 11)
    assert.deepEqual(handOff(roundRobin, [13], 1000), [2])
  })

  it('gives no more connections to a retired worker, but accepts its acknowledgements', () => {
    const roundRobin = roundRobinOf(1, 2)
    handOff(roundRobin, [10, 11])
    roundRobin.retire(1)
    assert.deepEqual(handOff(roundRobin, [12, 13]), [2, 2])
    roundRobin.acknowledged(1, 10)
    assert.deepEqual(roundRobin.remove(1), [], 'it has acknowledged everything')
    roundRobin.retire(7)
    roundRobin.retire(2)
    assert.deepEqual(handOff(roundRobin, [14]), [null])
  })

  it('returns the connections that a removed worker has not acknowledged, in the order of their hand-off', () => {
    const roundRobin = roundRobinOf(1)
    handOff(roundRobin, [10, 11, 12])
    roundRobin.acknowledged(1, 11)
    assert.deepEqual(roundRobin.remove(1), [10, 12])
    assert.deepEqual(roundRobin.remove(1), [])
    roundRobin.acknowledged(1, 10)
    assert.isNull(roundRobin.nextWorker(0))
  })

  it('keeps a worker late whose connections were taken back, until it acknowledges them', () => {
    const roundRobin = roundRobinOf(1, 2)
    handOff(roundRobin, [10, 11])
    roundRobin.acknowledged(2, 11)
    assert.deepEqual(roundRobin.takeBack(1), [10])
    assert.deepEqual(roundRobin.late(101), [1])
    roundRobin.acknowledged(1, 10)
    assert.deepEqual(roundRobin.late(101), [])
  })

  describe('caughtUp()', () => {
    const cases: [sentMs: number, takenBack: boolean, lost: number[], isLate: boolean, rule: string][] = [
      [50, false, [10], false, 'connections handed off before, and not acknowledged, were lost on their way'],
      [0, false, [], true, 'connections handed off at that time or later may still be on their way'],
      [50, true, [], false, 'connections taken back before were lost on their way, and no longer make the worker late'],
      [0, true, [], true, 'connections taken back since may still be on their way'],
    ]
    for (const [sentMs, takenBack, lost, isLate, rule] of cases) {
      it(rule, () => {
        const roundRobin = roundRobinOf(1)
        handOff(roundRobin, [10])
        if (takenBack) roundRobin.takeBack(1)
        assert.deepEqual(roundRobin.caughtUp(1, sentMs), lost)
        assert.deepEqual(roundRobin.late(1000), isLate ? [1] : [])
        assert.equal(roundRobin.nextWorker(1000), isLate ? null : 1)
      })
    }

    it('keeps the connections handed off since', () => {
      const roundRobin = roundRobinOf(1)
      handOff(roundRobin, [10], 10)
      handOff(roundRobin, [11], 20)
      assert.deepEqual(roundRobin.caughtUp(1, 15), [10])
      assert.deepEqual([roundRobin.late(120), roundRobin.late(121)], [[], [1]])
      assert.deepEqual(roundRobin.remove(1), [11])
    })

    it('returns nothing for a worker that was removed', () => assert.deepEqual(roundRobinOf().caughtUp(1, 50), []))
  })

  it('differs by at most one connection among any number of workers that all acknowledge', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.nat(200), (workers, connections) => {
        const roundRobin = new RoundRobin(LATE_AFTER_MS)
        const handed = Array<number>(workers).fill(0)
        for (let worker = 0; worker < workers; worker++) roundRobin.add(worker)
        for (let connection = 0; connection < connections; connection++) {
          const worker = roundRobin.nextWorker(connection)!
          roundRobin.handedOff(worker, connection, connection)
          roundRobin.acknowledged(worker, connection)
          handed[worker]!++
        }
        assert.isAtMost(Math.max(...handed) - Math.min(...handed), 1)
      }),
    )
  })
})
