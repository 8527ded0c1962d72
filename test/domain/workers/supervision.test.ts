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

describe('workerCount()', () => {
  const cases: [workers: number | 'auto', cores: number, size: number, rule: string][] = [
    [3, 8, 3, 'a number is used as it is'],
    [3, 1, 3, 'a number may exceed the cores'],
    ['auto', 8, 8, 'auto is one per core'],
    ['auto', 1, 1, 'auto on one core is a single process, without a supervisor'],
  ]
  for (const [workers, cores, size, rule] of cases) {
    it(rule, () => assert.equal(workerCount(workers, cores), size))
  }
})

describe('shareOf()', () => {
  it('gives all workers together at least the total, and none a whole unit more than its part', () => {
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
    [300, 100, 'sends three heartbeats within the timeout'],
    [3000, 1000, 'sends one heartbeat a second'],
    [60_000, 1000, 'sends no fewer when the timeout is longer'],
  ]
  for (const [workerTimeoutMs, intervalMs, rule] of cases) {
    it(rule, () => assert.equal(heartbeatIntervalMs(workerTimeoutMs), intervalMs))
  }
})

describe('silenceLimitMs()', () => {
  it('is the timeout of a worker', () => assert.equal(silenceLimitMs(false, 5000), 5000))
  it('is a minute while a worker starts', () => assert.equal(silenceLimitMs(true, 5000), 60_000))
  it('is never shorter while a worker starts', () => assert.equal(silenceLimitMs(true, 90_000), 90_000))
})

describe('Heartbeat', () => {
  /** Whether the answer is overdue at two checks in a row. */
  const isOverdue = (heartbeat: Heartbeat, nowMs: number, limitMs: number): boolean => {
    heartbeat.check(nowMs, limitMs)
    return heartbeat.check(nowMs, limitMs)
  }

  it('is not overdue before the first heartbeat', () => assert.isFalse(isOverdue(new Heartbeat(), 1e9, 100)))

  it('is overdue when the oldest of several heartbeats has waited too long', () => {
    const heartbeat = new Heartbeat()
    for (const nowMs of [1000, 1050, 1099]) heartbeat.sent(nowMs)
    assert.isFalse(isOverdue(heartbeat, 1099, 100))
    assert.isTrue(isOverdue(heartbeat, 1100, 100))
  })

  it('is not overdue at the first check, when the answer may still be unread', () => {
    const heartbeat = new Heartbeat()
    heartbeat.sent(1000)
    assert.isFalse(heartbeat.check(1300, 100))
    assert.isTrue(heartbeat.check(1301, 100))
  })

  it('needs two checks again after an answer', () => {
    const heartbeat = new Heartbeat()
    heartbeat.sent(1000)
    heartbeat.check(1300, 100)
    heartbeat.answered()
    heartbeat.sent(1300)
    assert.deepEqual([heartbeat.check(1400, 100), heartbeat.check(1401, 100)], [false, true])
  })

  it('starts again with each answer', () => {
    const heartbeat = new Heartbeat()
    heartbeat.sent(1000)
    heartbeat.answered()
    assert.isFalse(isOverdue(heartbeat, 5000, 100))
    heartbeat.sent(5000)
    assert.isTrue(isOverdue(heartbeat, 5100, 100))
  })

  it('does not count the time in which the supervisor was paused', () => {
    const heartbeat = new Heartbeat()
    heartbeat.sent(1000)
    heartbeat.excuse(9000)
    assert.isFalse(isOverdue(heartbeat, 9099, 100))
    assert.isTrue(isOverdue(heartbeat, 9100, 100))
  })

  it('is not overdue when it is excused before the first heartbeat', () => {
    const heartbeat = new Heartbeat()
    heartbeat.excuse(9000)
    assert.isFalse(isOverdue(heartbeat, 1e9, 100))
  })
})
