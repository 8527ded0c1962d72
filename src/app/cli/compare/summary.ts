/** What a figure was in all rounds. */
export interface Summary {
  readonly median: number
  readonly min: number
  readonly max: number
  /** In the order of the rounds. */
  readonly rounds: readonly number[]
}

export function summary(rounds: readonly number[]): Summary {
  return { median: median(rounds), min: Math.min(...rounds), max: Math.max(...rounds), rounds }
}

/** The median, and the range beside it. */
export function range({ median, min, max }: Omit<Summary, 'rounds'>, digits: number): string {
  return `${median.toFixed(digits)} (${min.toFixed(digits)}-${max.toFixed(digits)})`
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
