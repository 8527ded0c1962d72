import type { LatencySummary } from '../../../domain/metrics/latency-summary.js'
import type { LoadReport } from '../../../ports/tools/load.js'

const US_PER_MS = 1000

/** A response that takes longer counts as a timeout. */
export const TIMEOUT_SECONDS = 10

/** The shares of the reported quantiles, closer to each other near 1. */
const SHARES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999, 1]

/** Makes the latency part of a report. */
export function latencyReport(latency: LatencySummary): Pick<LoadReport, 'latencyMs' | 'quantilesMs'> {
  const quantile = (share: number): number => latency.quantileMs(share)
  return {
    latencyMs: { p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99), max: latency.maxMs },
    quantilesMs: SHARES.map((share) => [share, quantile(share)]),
  }
}

/** Starts to measure the CPU time of this process, and returns a function that reads it in milliseconds. */
export function processorMeter(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / US_PER_MS
  }
}
