import { assert } from 'chai'
import fc from 'fast-check'
import { describe, it } from 'mocha'
import { BOUNDS_MS, LatencySummary, type LatencyCounts } from '../../../src/domain/metrics/latency-summary.js'

const RELATIVE_ERROR = 1 / 64 + 1e-6

/** Durations from a microsecond to 2.3 hours, evenly on a logarithmic scale, and every bound itself. */
const duration = fc.oneof(
  fc.double({ min: Math.log(0.001), max: Math.log(2 ** 23), noNaN: true }).map((exponent) => Math.exp(exponent)),
  fc.constantFrom(...BOUNDS_MS),
)
const durations = fc.array(duration, { minLength: 1, maxLength: 300 })

function summaryOf(values: readonly number[]): LatencySummary {
  const summary = new LatencySummary()
  for (const value of values) summary.record(value)
  return summary
}

function exactQuantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.ceil(share * sorted.length) - 1]!
}

describe('LatencySummary', () => {
  it('is all zeros without a duration', () => {
    const summary = new LatencySummary()
    assert.deepEqual([summary.count, summary.sumMs, summary.maxMs, summary.quantileMs(0.5)], [0, 0, 0, 0])
    assert.isTrue(summary.cumulativeCounts().every((count) => count === 0))
  })

  const cases: [durationMs: number, expectedMs: number, rule: string][] = [
    [0, 0, 'a duration of 0 is counted'],
    [0.0001, 0.0001, 'less than a microsecond is counted in the first bucket, never above the maximum'],
    [1e9, 1e9, 'more than the range is counted in the last bucket and read back as the maximum'],
    [-1, 0, 'a negative duration does not break the count'],
  ]
  for (const [durationMs, expectedMs, rule] of cases) {
    it(rule, () => {
      const summary = summaryOf([durationMs])
      assert.equal(summary.count, 1)
      assert.equal(summary.quantileMs(0.99), expectedMs)
      assert.equal(summary.cumulativeCounts().at(-1), 1)
    })
  }

  for (const share of [0.01, 0.5, 0.95, 0.99, 1]) {
    it(`reads the quantile ${share} back within 1/64`, () => {
      fc.assert(
        fc.property(durations, (values) => {
          const exact = exactQuantile(values, share)
          assert.closeTo(summaryOf(values).quantileMs(share), exact, exact * RELATIVE_ERROR)
        }),
      )
    })
  }

  it('knows count, sum and maximum exactly', () => {
    fc.assert(
      fc.property(durations, (values) => {
        const summary = summaryOf(values)
        assert.equal(summary.count, values.length)
        assert.equal(
          summary.sumMs,
          values.reduce((sum, value) => sum + value, 0),
        )
        assert.equal(summary.maxMs, Math.max(...values))
      }),
    )
  })

  it('counts exactly the durations up to and including each bound', () => {
    // Single precision: a duration above a bound by less than that precision counts as equal to it.
    fc.assert(
      fc.property(fc.array(duration.map(Math.fround)), (values) => {
        const expected = [...BOUNDS_MS, Infinity].map((bound) => values.filter((value) => value <= bound).length)
        assert.deepEqual(summaryOf(values).cumulativeCounts(), expected)
      }),
    )
  })

  it('is the same for one summary and for several that are added up through JSON', () => {
    fc.assert(
      fc.property(fc.array(fc.array(duration, { maxLength: 50 }), { maxLength: 5 }), (parts) => {
        const merged = new LatencySummary()
        for (const part of parts) merged.add(JSON.parse(JSON.stringify(summaryOf(part).toCounts())) as LatencyCounts)
        const whole = summaryOf(parts.flat())
        assert.deepEqual([merged.count, merged.maxMs], [whole.count, whole.maxMs])
        assert.deepEqual(merged.toCounts().counts, whole.toCounts().counts)
        assert.deepEqual(merged.cumulativeCounts(), whole.cumulativeCounts())
        assert.equal(merged.quantileMs(0.95), whole.quantileMs(0.95))
        assert.closeTo(merged.sumMs, whole.sumMs, whole.sumMs * 1e-12)
      }),
    )
  })

  it('contains no empty buckets', () => {
    assert.deepEqual(summaryOf([]).toCounts(), { counts: [], sumMs: 0, maxMs: 0 })
    assert.lengthOf(summaryOf([1, 1, 1, 50]).toCounts().counts, 4)
  })
})
