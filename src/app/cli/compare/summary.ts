/** A figure over all rounds. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  /** The values in the order of the rounds. */
  readonly rounds: readonly number[]
}

/** Summarizes the values of all rounds; there must be at least one. */
export function summary(rounds: readonly number[]): Summary {
  return { median: median(rounds), min: Math.min(...rounds), max: Math.max(...rounds), rounds }
}

/** Formats the median, followed by the range in parentheses. */
export function range({ median, min, max }: Omit<Summary, 'rounds'>, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
