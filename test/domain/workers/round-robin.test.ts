import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { RoundRobin } from '../../../src/domain/workers/round-robin.js'

const LATE_AFTER_MS = 100

function rotaOf(...workers: number[]): RoundRobin {
  const rota = new RoundRobin(LATE_AFTER_MS)
  for (const worker of workers) rota.ready(worker)
  return rota
}

/** Hands connections over, whose numbers are from 10; answers who got each. */
function hand(rota: RoundRobin, connections: readonly number[], nowMs = 0): (number | null)[] {
  return connections.map((connection) => {
    const worker = rota.next(nowMs)
    if (worker !== null) rota.handed(worker, connection, nowMs)
    return worker
  })
}

describe('Rota', () => {
  it('gives nothing to nobody', () => {
    assert.deepEqual(hand(rotaOf(), [10]), [null])
  })

  it('goes round, and is exactly even', () => {
    assert.deepEqual(hand(rotaOf(1, 2, 3), [10, 11, 12, 13, 14, 15]), [1, 2, 3, 1, 2, 3])
  })

  it('gives a new one its turn, and no more than that', () => {
    const rota = rotaOf(1, 2)
    hand(rota, [10, 11, 12, 13, 14, 15])
    rota.ready(3)
    assert.deepEqual(hand(rota, [16, 17, 18, 19, 20, 21]), [3, 1, 2, 3, 1, 2])
  })

  it('passes over one that is late, until it acknowledges all it owes', () => {
    const rota = rotaOf(1, 2)
    hand(rota, [10, 11, 12, 13])
    for (const connection of [11, 13]) rota.acknowledged(2, connection)
    assert.deepEqual(rota.late(100), [])
    assert.deepEqual(rota.late(101), [1])
    assert.deepEqual(hand(rota, [14, 15], 101), [2, 2])
    rota.acknowledged(1, 10)
    assert.deepEqual(rota.late(101), [1])
    rota.acknowledged(1, 12)
    assert.deepEqual(hand(rota, [16, 17], 101), [1, 2])
  })

  it('gives nothing to anybody while all are late', () => {
    const rota = rotaOf(1, 2)
    hand(rota, [10, 11, 12])
    assert.deepEqual(hand(rota, [13], 1000), [null])
    rota.acknowledged(2, 11)
    assert.deepEqual(hand(rota, [13], 1000), [2])
  })

  it('hands nothing more to one that is retired, and takes its acknowledgements', () => {
    const rota = rotaOf(1, 2)
    hand(rota, [10, 11])
    rota.retired(1)
    assert.deepEqual(hand(rota, [12, 13]), [2, 2])
    rota.acknowledged(1, 10)
    assert.deepEqual(rota.gone(1), [], 'it owes nothing')
    rota.retired(7)
    rota.retired(2)
    assert.deepEqual(hand(rota, [14]), [null])
  })

  it('names what one that is gone has not acknowledged, in the order it was handed', () => {
    const rota = rotaOf(1)
    hand(rota, [10, 11, 12])
    rota.acknowledged(1, 11)
    assert.deepEqual(rota.gone(1), [10, 12])
    assert.deepEqual(rota.gone(1), [])
    rota.acknowledged(1, 10)
    assert.isNull(rota.next(0))
  })

  it('keeps one late whose connections were taken back, until it is heard of', () => {
    const rota = rotaOf(1, 2)
    hand(rota, [10, 11])
    rota.acknowledged(2, 11)
    assert.deepEqual(rota.takeBack(1), [10])
    assert.deepEqual(rota.late(101), [1])
    rota.acknowledged(1, 10)
    assert.deepEqual(rota.late(101), [])
  })

  describe('of a worker that has looked at what was sent to it', () => {
    const cases: [sentMs: number, takenBack: boolean, lost: number[], isLate: boolean, rule: string][] = [
      [50, false, [10], false, 'what it was handed before and has not acknowledged was lost on its way'],
      [0, false, [], true, 'what it was handed at that time or later may still be on its way'],
      [50, true, [], false, 'what was taken back before is owed no more: it was lost on its way'],
      [0, true, [], true, 'what was taken back since may still be on its way'],
    ]
    for (const [sentMs, takenBack, lost, isLate, rule] of cases) {
      it(rule, () => {
        const rota = rotaOf(1)
        hand(rota, [10])
        if (takenBack) rota.takeBack(1)
        assert.deepEqual(rota.looked(1, sentMs), lost)
        assert.deepEqual(rota.late(1000), isLate ? [1] : [])
        assert.equal(rota.next(1000), isLate ? null : 1)
      })
    }

    it('keeps what it was handed since', () => {
      const rota = rotaOf(1)
      hand(rota, [10], 10)
      hand(rota, [11], 20)
      assert.deepEqual(rota.looked(1, 15), [10])
      assert.deepEqual([rota.late(120), rota.late(121)], [[], [1]])
      assert.deepEqual(rota.gone(1), [11])
    })

    it('knows nothing of one that is gone', () => assert.deepEqual(rotaOf().looked(1, 50), []))
  })

  it('is even within one among any number of workers that all acknowledge', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.nat(200), (workers, connections) => {
        const rota = new RoundRobin(LATE_AFTER_MS)
        const handed = Array<number>(workers).fill(0)
        for (let worker = 0; worker < workers; worker++) rota.ready(worker)
        for (let connection = 0; connection < connections; connection++) {
          const worker = rota.next(connection)!
          rota.handed(worker, connection, connection)
          rota.acknowledged(worker, connection)
          handed[worker]!++
        }
        assert.isAtMost(Math.max(...handed) - Math.min(...handed), 1)
      }),
    )
  })
})
