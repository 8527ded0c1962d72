import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  workerCount,
  Heartbeat,
  heartbeatIntervalMs,
  silenceLimitMs,
  shareOf,
} from '../../../src/domain/workers/supervision.js'

describe('crewSize()', () => {
  const cases: [workers: number | 'auto', cores: number, size: number, rule: string][] = [
    [3, 8, 3, 'a number is what it says'],
    [3, 1, 3, 'a number may exceed the cores'],
    ['auto', 8, 8, 'auto is one per core'],
    ['auto', 1, 1, 'auto on one core is one process, which needs no supervisor'],
  ]
  for (const [workers, cores, size, rule] of cases) {
    it(rule, () => assert.equal(workerCount(workers, cores), size))
  }
})

describe('shareOf()', () => {
  it('gives all together what there is, and no one a whole one more than its part', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e6 }), fc.integer({ min: 1, max: 64 }), (total, workers) => {
        const share = shareOf(total, workers)
        assert.isAtLeast(share * workers, total)
        assert.isBelow(share - 1, total / workers)
      }),
    )
  })
})

describe('heartbeatIntervalMs()', () => {
  const cases: [workerTimeoutMs: number, intervalMs: number, rule: string][] = [
    [300, 100, 'asks three times within the time that a worker has'],
    [3000, 1000, 'asks once a second'],
    [60_000, 1000, 'asks no less often when a worker has long'],
  ]
  for (const [workerTimeoutMs, intervalMs, rule] of cases) {
    it(rule, () => assert.equal(heartbeatIntervalMs(workerTimeoutMs), intervalMs))
  }
})

describe('patienceMs()', () => {
  it('is the time that a worker has', () => assert.equal(silenceLimitMs(false, 5000), 5000))
  it('is a minute for one that starts', () => assert.equal(silenceLimitMs(true, 5000), 60_000))
  it('is never shorter for one that starts', () => assert.equal(silenceLimitMs(true, 90_000), 90_000))
})

describe('Heartbeat', () => {
  /** Whether it is overdue at two looks in a row. */
  const isOverdue = (heartbeat: Heartbeat, nowMs: number, patienceMs: number): boolean => {
    heartbeat.look(nowMs, patienceMs)
    return heartbeat.look(nowMs, patienceMs)
  }

  it('is not overdue before anything was asked', () => assert.isFalse(isOverdue(new Heartbeat(), 1e9, 100)))

  it('is overdue when the first of several questions has waited too long', () => {
    const heartbeat = new Heartbeat()
    for (const nowMs of [1000, 1050, 1099]) heartbeat.asked(nowMs)
    assert.isFalse(isOverdue(heartbeat, 1099, 100))
    assert.isTrue(isOverdue(heartbeat, 1100, 100))
  })

  it('is not overdue at the first look, before which an answer may lie unread', () => {
    const heartbeat = new Heartbeat()
    heartbeat.asked(1000)
    assert.isFalse(heartbeat.look(1300, 100))
    assert.isTrue(heartbeat.look(1301, 100))
  })

  it('has two looks again after a sign of life', () => {
    const heartbeat = new Heartbeat()
    heartbeat.asked(1000)
    heartbeat.look(1300, 100)
    heartbeat.heard()
    heartbeat.asked(1300)
    assert.deepEqual([heartbeat.look(1400, 100), heartbeat.look(1401, 100)], [false, true])
  })

  it('begins anew with each sign of life', () => {
    const heartbeat = new Heartbeat()
    heartbeat.asked(1000)
    heartbeat.heard()
    assert.isFalse(isOverdue(heartbeat, 5000, 100))
    heartbeat.asked(5000)
    assert.isTrue(isOverdue(heartbeat, 5100, 100))
  })

  it('is excused for the time in which nobody could have heard it', () => {
    const heartbeat = new Heartbeat()
    heartbeat.asked(1000)
    heartbeat.excuse(9000)
    assert.isFalse(isOverdue(heartbeat, 9099, 100))
    assert.isTrue(isOverdue(heartbeat, 9100, 100))
  })

  it('owes nothing for being excused', () => {
    const heartbeat = new Heartbeat()
    heartbeat.excuse(9000)
    assert.isFalse(isOverdue(heartbeat, 1e9, 100))
  })
})
