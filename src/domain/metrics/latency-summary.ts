/** A single-precision number has 23 bits of mantissa below its exponent. */
const MANTISSA_BITS = 23
const EXPONENT_BIAS = 127
const OCTAVE_BITS = 5
/** The first bucket also counts durations below 2^-10 ms (about 1 µs), the last one those above 2^23 ms (2.3 hours). */
const LOWEST_EXPONENT = -10
const HIGHEST_EXPONENT = 23

const SHIFT = MANTISSA_BITS - OCTAVE_BITS
const FIRST = (EXPONENT_BIAS + LOWEST_EXPONENT) << OCTAVE_BITS
const BUCKETS = (HIGHEST_EXPONENT - LOWEST_EXPONENT) << OCTAVE_BITS

const FLOAT = new Float32Array(1)
const BITS = new Int32Array(FLOAT.buffer)

/**
 * Upper bounds of the cumulative counts, in milliseconds; an infinite bound follows them. Each bound is an edge between
 * two buckets, so that the counts are exact: therefore 256 and not 250.
 */
export const BOUNDS_MS: readonly number[] = [
  0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 256, 512, 1024, 2560, 5120, 10240, 30720,
]

/** The contents of a summary as JSON data, without its empty buckets. */
export interface LatencyCounts {
  /** Bucket number and count alternate; bucket numbers ascend. */
  readonly counts: readonly number[]
  readonly sumMs: number
  readonly maxMs: number
}

/**
 * A log-linear histogram of durations. Each power of two is divided into 32 equal buckets, so that quantiles are
 * accurate to 1/64, from a microsecond to hours, in constant memory.
 *
 * The upper bits of a floating-point number (exponent, then mantissa) are the bucket number, so that recording takes a
 * shift and a few additions: 3 ns, where `perf_hooks.createHistogram` takes 22 ns.
 */
export class LatencySummary {
  private readonly counts = new Float64Array(BUCKETS)
  private total = 0
  private sum = 0
  private longest = 0

  /** The number of recorded durations. */
  get count(): number {
    return this.total
  }

  /** The sum of all recorded durations. */
  get sumMs(): number {
    return this.sum
  }

  /** The longest recorded duration, exactly; 0 without any. */
  get maxMs(): number {
    return this.longest
  }

  /** Records a duration. */
  record(durationMs: number): void {
    this.counts[bucketOf(durationMs)]!++
    this.total++
    this.sum += durationMs
    if (durationMs > this.longest) this.longest = durationMs
  }

  /** The contents, to be added to another summary, such as in another process. */
  toCounts(): LatencyCounts {
    const counts: number[] = []
    this.counts.forEach((count, bucket) => {
      if (count > 0) counts.push(bucket, count)
    })
    return { counts, sumMs: this.sum, maxMs: this.longest }
  }

  /** Adds the contents of another summary, as if its durations had been recorded here. */
  add({ counts, sumMs, maxMs }: LatencyCounts): void {
    for (let at = 0; at < counts.length; at += 2) {
      this.counts[counts[at]!]! += counts[at + 1]!
      this.total += counts[at + 1]!
    }
    this.sum += sumMs
    if (maxMs > this.longest) this.longest = maxMs
  }

  /**
   * The duration that the given share of all durations does not exceed, within 1/64; 0 without any.
   *
   * @param share more than 0, at most 1: 0.99 for p99
   */
  quantileMs(share: number): number {
    const rank = Math.ceil(share * this.total)
    let passed = 0
    for (let at = 0; at < BUCKETS - 1; at++) {
      passed += this.counts[at]!
      if (passed >= rank) return Math.min(middleOf(at), this.longest)
    }
    return this.longest
  }

  /**
   * For each of `BOUNDS_MS`, how many durations did not exceed it, and last their total number; the counts are exact.
   */
  cumulativeCounts(): number[] {
    const cumulative: number[] = []
    let passed = 0
    let at = 0
    for (const boundMs of BOUNDS_MS) {
      for (const last = bucketOf(boundMs); at <= last; at++) passed += this.counts[at]!
      cumulative.push(passed)
    }
    cumulative.push(this.total)
    return cumulative
  }
}

function bucketOf(durationMs: number): number {
  FLOAT[0] = durationMs
  // Minus one: a duration on an edge belongs to the bucket below it, since the bounds of cumulative counts are
  // inclusive.
  const bucket = ((BITS[0]! - 1) >> SHIFT) - FIRST
  return bucket < 0 ? 0 : bucket < BUCKETS ? bucket : BUCKETS - 1
}

function middleOf(bucket: number): number {
  return (lowerEdgeOf(bucket) + lowerEdgeOf(bucket + 1)) / 2
}

function lowerEdgeOf(bucket: number): number {
  BITS[0] = (bucket + FIRST) << SHIFT
  return FLOAT[0]!
}
