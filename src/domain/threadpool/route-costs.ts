/** Up to here, in milliseconds, a request is quick: such ones may share a thread without being felt. */
export const QUICK_MS = 1

/** What nothing is known of is taken to be slow; four quick answers tell otherwise. */
const UNKNOWN_MS = 2 * QUICK_MS

/**
 * How much the latest cost counts against all earlier ones: one of 5 ms makes a quick route slow, and after one of 50 ms
 * a dozen quick ones make it quick again.
 */
const LATEST_SHARE = 0.2

/** A cost beyond counts as this much, so that a route whose handler hung once is not held to be slow for ever. */
const MOST_MS = 100

/** For how long at one go a request of each route blocks its thread: a mean that forgets, in milliseconds. */
export class RouteCosts {
  private readonly means: Float64Array

  /** @param routes how many there are; a route's index is less than that */
  constructor(routes: number) {
    this.means = new Float64Array(routes).fill(UNKNOWN_MS)
  }

  meanMs(route: number): number {
    return this.means[route]!
  }

  isQuick(route: number): boolean {
    return this.meanMs(route) <= QUICK_MS
  }

  /** @param costMs how long a request of this route blocked its thread; Infinity for one that hangs */
  note(route: number, costMs: number): void {
    this.means[route]! += (Math.min(costMs, MOST_MS) - this.meanMs(route)) * LATEST_SHARE
  }
}
