import { assert } from 'chai'
import { describe, it } from 'mocha'
import { CountingMetrics } from '../../../src/adapters/metrics/counting-metrics.js'
import { measureEventLoopDelay } from '../../../src/adapters/metrics/event-loop-delay.js'
import { metricsContract } from '../../contract/metrics.js'
import { FakeClock } from '../../fakes/fake-clock.js'

const rssBytes = (): number => 9_000_000_000
const delay = { p50: 1, p99: 2, max: 3 }

describe('CountingMetrics', () => {
  metricsContract(() => new CountingMetrics(new FakeClock(), rssBytes, () => delay))

  it('reports the time since its construction', () => {
    const clock = new FakeClock()
    const metrics = new CountingMetrics(clock, rssBytes, () => delay)
    clock.advance(2500)
    assert.equal(metrics.counts().gauges.uptimeSeconds, 2.5)
  })

  it('reports the memory and the delay of the process', () => {
    const { gauges } = new CountingMetrics(new FakeClock(), rssBytes, () => delay).counts()
    const { heapBytes, ...rest } = gauges.process
    assert.isAbove(heapBytes, 1_000_000)
    assert.deepEqual(rest, { rssBytes: rssBytes(), eventLoopDelayMs: delay })
  })
})

describe('measureEventLoopDelay()', () => {
  it('reports no delay before the first tick', () => {
    assert.deepEqual(measureEventLoopDelay()(), { p50: 0, p99: 0, max: 0 })
  })
})
