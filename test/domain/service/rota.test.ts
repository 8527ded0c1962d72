import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { Rota } from '../../../src/domain/service/rota.js'

const LATE_AFTER_MS = 100

function rotaOf(...workers: number[]): Rota<string> {
  const rota = new Rota<string>(LATE_AFTER_MS)
  for (const worker of workers) rota.ready(worker)
  return rota
}

/** Hands connections over, named `a`, `b` …; answers who got each. */
function hand(rota: Rota<string>, names: string, nowMs = 0): (number | null)[] {
  return [...names].map((name) => {
    const worker = rota.next(nowMs)
    if (worker !== null) rota.handed(worker, name, nowMs)
    return worker
  })
}

describe('Rota', () => {
  it('gives nothing to nobody', () => {
    assert.deepEqual(hand(rotaOf(), 'a'), [null])
  })

  it('goes round, and is exactly even', () => {
    assert.deepEqual(hand(rotaOf(1, 2, 3), 'abcdef'), [1, 2, 3, 1, 2, 3])
  })

  it('gives a new one its turn, and no more than that', () => {
    const rota = rotaOf(1, 2)
    hand(rota, 'abcdef')
    rota.ready(3)
    assert.deepEqual(hand(rota, 'ghijkl'), [3, 1, 2, 3, 1, 2])
  })

  it('passes over one that is late, until it acknowledges all it owes', () => {
    const rota = rotaOf(1, 2)
    hand(rota, 'abcd')
    for (const name of 'bd') assert.isTrue(rota.acknowledged(2, name))
    assert.deepEqual(rota.late(100), [])
    assert.deepEqual(rota.late(101), [1])
    assert.deepEqual(hand(rota, 'ef', 101), [2, 2])
    assert.isTrue(rota.acknowledged(1, 'a'))
    assert.deepEqual(rota.late(101), [1])
    assert.isTrue(rota.acknowledged(1, 'c'))
    assert.deepEqual(hand(rota, 'gh', 101), [1, 2])
  })

  it('gives nothing to anybody while all are late', () => {
    const rota = rotaOf(1, 2)
    hand(rota, 'abc')
    assert.deepEqual(hand(rota, 'd', 1000), [null])
    rota.acknowledged(2, 'b')
    assert.deepEqual(hand(rota, 'd', 1000), [2])
  })

  it('hands nothing more to one that is relieved, and takes its acknowledgements', () => {
    const rota = rotaOf(1, 2)
    hand(rota, 'ab')
    rota.relieved(1)
    assert.deepEqual(hand(rota, 'cd'), [2, 2])
    assert.isTrue(rota.acknowledged(1, 'a'))
    rota.relieved(7)
    rota.relieved(2)
    assert.deepEqual(hand(rota, 'e'), [null])
  })

  it('names what one that is gone has not acknowledged, in the order it was handed', () => {
    const rota = rotaOf(1)
    hand(rota, 'abc')
    rota.acknowledged(1, 'b')
    assert.deepEqual(rota.gone(1), ['a', 'c'])
    assert.deepEqual(rota.gone(1), [])
    assert.isFalse(rota.acknowledged(1, 'a'))
    assert.isNull(rota.next(0))
  })

  it('keeps one late whose connections were taken back, until it is heard of', () => {
    const rota = rotaOf(1, 2)
    hand(rota, 'ab')
    rota.acknowledged(2, 'b')
    assert.deepEqual(rota.takeBack(1), ['a'])
    assert.deepEqual(rota.late(101), [1])
    assert.isFalse(rota.acknowledged(1, 'a'), 'it is not its own any more')
    assert.deepEqual(rota.late(101), [])
  })

  describe('of a worker that has looked at what was sent to it', () => {
    const cases: [sentMs: number, takenBack: boolean, lost: string[], isLate: boolean, rule: string][] = [
      [50, false, ['a'], false, 'what it was handed before and has not acknowledged was lost on its way'],
      [0, false, [], true, 'what it was handed at that time or later may still be on its way'],
      [50, true, [], false, 'what was taken back before is owed no more: it was lost on its way'],
      [0, true, [], true, 'what was taken back since may still be on its way'],
    ]
    for (const [sentMs, takenBack, lost, isLate, rule] of cases) {
      it(rule, () => {
        const rota = rotaOf(1)
        hand(rota, 'a')
        if (takenBack) rota.takeBack(1)
        assert.deepEqual(rota.looked(1, sentMs), lost)
        assert.deepEqual(rota.late(1000), isLate ? [1] : [])
        assert.equal(rota.next(1000), isLate ? null : 1)
      })
    }

    it('keeps what it was handed since', () => {
      const rota = rotaOf(1)
      hand(rota, 'a', 10)
      hand(rota, 'b', 20)
      assert.deepEqual(rota.looked(1, 15), ['a'])
      assert.deepEqual([rota.late(120), rota.late(121)], [[], [1]])
      assert.deepEqual(rota.gone(1), ['b'])
    })

    it('knows nothing of one that is gone', () => assert.deepEqual(rotaOf().looked(1, 50), []))
  })

  it('is even within one among any number of workers that all acknowledge', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 16 }), fc.nat(200), (workers, connections) => {
        const rota = new Rota<number>(LATE_AFTER_MS)
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
