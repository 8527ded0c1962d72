import { assert } from 'chai'
import { describe, it } from 'mocha'
import { RestartBackOff, RESTART_RULES } from '../../../src/domain/workers/restart-back-off.js'

/** Lets processes live and die one after the other. @returns the delay of each replacement, and the time at the end */
function succession(restarts: RestartBackOff, livesMs: readonly number[]): { delaysMs: number[]; nowMs: number } {
  let nowMs = 0
  const delaysMs = livesMs.map((livedMs) => {
    restarts.started(nowMs)
    nowMs += livedMs
    const delayMs = restarts.died(nowMs, livedMs)
    nowMs += delayMs
    return delayMs
  })
  return { delaysMs, nowMs }
}

describe('RestartBackOff', () => {
  const cases: [livesMs: number[], delaysMs: number[], isLooping: boolean, rule: string][] = [
    [[5000], [100], false, 'the first death has the shortest delay'],
    [[1, 1, 1, 1], [100, 200, 400, 800], false, 'each further short life doubles the delay'],
    [[1, 1, 1, 1, 1], [100, 200, 400, 800, 1600], true, 'five short lives in a row are a crash loop'],
    [[9999, 9999, 9999, 9999, 9999], [100, 200, 400, 800, 1600], true, 'a life of less than ten seconds is short'],
    [[10_000, 10_000, 10_000], [100, 100, 100], false, 'a long life begins a new series'],
    [[1, 1, 1, 10_000, 1, 1, 1], [100, 200, 400, 100, 200, 400, 800], false, 'even in the middle of a bad series'],
    [
      Array<number>(12).fill(0),
      [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000, 30_000],
      true,
      'no delay is longer than half a minute',
    ],
  ]
  for (const [livesMs, delaysMs, isLooping, rule] of cases) {
    it(rule, () => {
      const restarts = new RestartBackOff()
      const end = succession(restarts, livesMs)
      assert.deepEqual(end.delaysMs, delaysMs)
      assert.equal(restarts.isLooping(end.nowMs), isLooping)
    })
  }

  it('is in a loop until a process has lived long', () => {
    const restarts = new RestartBackOff()
    const { nowMs } = succession(restarts, [0, 0, 0, 0, 0])
    assert.isTrue(restarts.isLooping(nowMs + 1e9), 'while no process is started')
    restarts.started(nowMs)
    assert.isTrue(restarts.isLooping(nowMs + RESTART_RULES.stableMs - 1))
    assert.isFalse(restarts.isLooping(nowMs + RESTART_RULES.stableMs))
  })

  it('counts a process that could not start as a short life', () => {
    const restarts = new RestartBackOff({ ...RESTART_RULES, loopAfter: 2 })
    restarts.died(0, 0)
    restarts.died(100, 0)
    assert.isTrue(restarts.isLooping(100))
  })

  it('begins a new series after a calm time, even when one of several processes dies young', () => {
    const restarts = new RestartBackOff()
    const { nowMs } = succession(restarts, [0, 0, 0, 0, 0])
    restarts.started(nowMs)
    assert.equal(restarts.died(nowMs + 20_000, 50), 100)
    assert.isFalse(restarts.isLooping(nowMs + 20_000))
  })

  it('does not mistake several old processes that die together for a loop', () => {
    const restarts = new RestartBackOff()
    restarts.started(0)
    const delaysMs = Array.from({ length: 8 }, () => restarts.died(3_600_000, 3_600_000))
    assert.deepEqual(delaysMs, Array<number>(8).fill(100))
    assert.isFalse(restarts.isLooping(3_600_000))
  })
})
