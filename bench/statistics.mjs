import { summary as summaryWithRounds } from '../dist/src/app/cli/compare/summary.js'

/** Summarizes values by their median, minimum and maximum. */
export function summary(values) {
  const { median, min, max } = summaryWithRounds(values)
  return { median, min, max }
}

/** Returns the slope of the line that fits the points best (least squares). */
export function slope(points) {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

/** Returns quantiles of latencies in milliseconds, rounded to microseconds. */
export function latencies(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const quantile = (share) => Number(sorted[Math.ceil(share * sorted.length) - 1].toFixed(3))
  return { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) }
}

/** Divides two figures round by round. */
export function quotients(above, below) {
  return above.map((value, round) => value / below[round])
}
