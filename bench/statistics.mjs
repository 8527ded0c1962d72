/** Median, least and greatest. */
export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}

/** The slope of the line that fits the points best (least squares). */
export function slope(points) {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length
  const over = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  return over / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
}

function median(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** What clients feel: milliseconds, to the microsecond, that half of all requests take at most, and so on. */
export function latencies(values) {
  const sorted = [...values].sort((a, b) => a - b)
  const quantile = (share) => Number(sorted[Math.ceil(share * sorted.length) - 1].toFixed(3))
  return { p50: quantile(0.5), p99: quantile(0.99), max: quantile(1) }
}

/** Of two figures in each round, how many times the second the first is. */
export function quotients(above, below) {
  return above.map((value, round) => value / below[round])
}
