/** Single-precision numbers: 23 bits of mantissa below the exponent. */
const MANTISSA_BITS = 23
const EXPONENT_BIAS = 127
const OCTAVE_BITS = 5
/** Durations below 2^-10 ms, about a microsecond, share the first bucket, and those over 2^23 ms, 2.3 hours, the last. */
const LOWEST_EXPONENT = -10
const HIGHEST_EXPONENT = 23

const SHIFT = MANTISSA_BITS - OCTAVE_BITS
const FIRST = (EXPONENT_BIAS + LOWEST_EXPONENT) << OCTAVE_BITS
const BUCKETS = (HIGHEST_EXPONENT - LOWEST_EXPONENT) << OCTAVE_BITS

const FLOAT = new Float32Array(1)
const BITS = new Int32Array(FLOAT.buffer)

/**
 * Upper bounds of the cumulative counts, in milliseconds; an infinite one follows them. Each is an edge between two
 * buckets, which makes the counts exact: hence 256 and not 250.
 */
export const BOUNDS_MS: readonly number[] = [
  0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 256, 512, 1024, 2560, 5120, 10240, 30720,
]

/** All that a summary knows, in a form that fits into JSON and holds nothing of the buckets that are empty. */
export interface LatencyCounts {
  /** Bucket number and count, in turn; bucket numbers rise. */
  readonly counts: readonly number[]
  readonly sumMs: number
  readonly maxMs: number
}

/**
 * A log-linear histogram of durations: each power of two is cut into 32 equal buckets, so that a duration read back is
 * off by 1/64 at most, from a microsecond to hours, in memory that does not grow.
 *
 * The upper bits of a floating-point number (exponent, then mantissa) are just such a bucket number, which makes
 * recording a shift and a few additions: 3 ns, where `perf_hooks.createHistogram` takes 22 ns.
 */
export class LatencySummary {
  private readonly counts = new Float64Array(BUCKETS)
  private total = 0
  private sum = 0
  private longest = 0

  /** How many durations were recorded. */
  get count(): number {
    return this.total
  }

  get sumMs(): number {
    return this.sum
  }

  /** The longest duration, exactly; 0 without any. */
  get maxMs(): number {
    return this.longest
  }

  record(durationMs: number): void {
    this.counts[bucketOf(durationMs)]!++
    this.total++
    this.sum += durationMs
    if (durationMs > this.longest) this.longest = durationMs
  }

  /** To be added to a summary elsewhere, such as in another process. */
  toCounts(): LatencyCounts {
    const counts: number[] = []
    this.counts.forEach((count, bucket) => {
      if (count > 0) counts.push(bucket, count)
    })
    return { counts, sumMs: this.sum, maxMs: this.longest }
  }

  /** Adds what another summary has recorded, as if it had been recorded here. */
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

  /** How many durations were at most each of `BOUNDS_MS`, and how many there are at all: exact, ever rising. */
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
  // Less one: a duration on an edge belongs below it, as the bounds of cumulative counts are inclusive.
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
