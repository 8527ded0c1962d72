import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import {
  crewSize,
  Heartbeat,
  heartbeatIntervalMs,
  patienceMs,
  shareOf,
} from '../../../src/domain/service/supervision.js'

describe('crewSize()', () => {
  const cases: [workers: number | 'auto', cores: number, size: number, rule: string][] = [
    [3, 8, 3, 'a number is what it says'],
    [3, 1, 3, 'a number may exceed the cores'],
    ['auto', 8, 8, 'auto is one per core'],
    ['auto', 1, 1, 'auto on one core is one process, which needs no supervisor'],
  ]
  for (const [workers, cores, size, rule] of cases) {
    it(rule, () => assert.equal(crewSize(workers, cores), size))
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
  it('is the time that a worker has', () => assert.equal(patienceMs(false, 5000), 5000))
  it('is a minute for one that starts', () => assert.equal(patienceMs(true, 5000), 60_000))
  it('is never shorter for one that starts', () => assert.equal(patienceMs(true, 90_000), 90_000))
})

describe('Heartbeat', () => {
  it('is not overdue before anything was asked', () => assert.isFalse(new Heartbeat().isOverdue(1e9, 100)))

  it('is overdue when the first of several questions has waited too long', () => {
    const heartbeat = new Heartbeat()
    for (const nowMs of [1000, 1050, 1099]) heartbeat.asked(nowMs)
    assert.isFalse(heartbeat.isOverdue(1099, 100))
    assert.isTrue(heartbeat.isOverdue(1100, 100))
  })

  it('begins anew with each sign of life', () => {
    const heartbeat = new Heartbeat()
    heartbeat.asked(1000)
    heartbeat.heard()
    assert.isFalse(heartbeat.isOverdue(5000, 100))
    heartbeat.asked(5000)
    assert.isTrue(heartbeat.isOverdue(5100, 100))
  })

  it('is excused for the time in which nobody could have heard it', () => {
    const heartbeat = new Heartbeat()
    heartbeat.asked(1000)
    heartbeat.excuse(9000)
    assert.isFalse(heartbeat.isOverdue(9099, 100))
    assert.isTrue(heartbeat.isOverdue(9100, 100))
  })

  it('owes nothing for being excused', () => {
    const heartbeat = new Heartbeat()
    heartbeat.excuse(9000)
    assert.isFalse(heartbeat.isOverdue(1e9, 100))
  })
})
