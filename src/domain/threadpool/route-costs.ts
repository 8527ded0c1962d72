/** A request that blocks its thread for at most this long is quick: several can share a thread without being noticed. */
export const QUICK_MS = 1

/** The assumed cost of a route that has never run: slow, until four quick requests prove otherwise. */
const UNKNOWN_MS = 2 * QUICK_MS

/**
 * The weight of the latest cost in the mean. One request of 5 ms makes a quick route slow; after one of 50 ms, a dozen
 * quick requests make it quick again.
 */
const LATEST_WEIGHT = 0.2

/** Higher costs count as this much, so that a route whose handler hung once does not stay slow for hours. */
const MAX_COST_MS = 100

/**
 * How long a request of each route blocks its thread without interruption: an exponential moving average, in
 * milliseconds.
 */
export class RouteCosts {
  private readonly means: Float64Array

  /** @param routes the number of routes; each route's index is below it */
  constructor(routes: number) {
    this.means = new Float64Array(routes).fill(UNKNOWN_MS)
  }

  meanMs(route: number): number {
    return this.means[route]!
  }

  isQuick(route: number): boolean {
    return this.meanMs(route) <= QUICK_MS
  }

  /** @param costMs how long a request of this route blocked its thread; Infinity for a handler that hangs */
  record(route: number, costMs: number): void {
    this.means[route]! += (Math.min(costMs, MAX_COST_MS) - this.meanMs(route)) * LATEST_WEIGHT
  }
}
