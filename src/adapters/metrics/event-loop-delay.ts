import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { MetricsSnapshot } from '../../ports/operations/metrics.js'

export type EventLoopDelayMs = MetricsSnapshot['process']['eventLoopDelayMs']

/** A timer that is late tells how long the loop was busy. Twenty wake-ups a second cost an idle server 0.2 % of a core. */
const RESOLUTION_MS = 50

/** Begins to measure; what it returns reads the delays since then. */
export function measureEventLoopDelay(): () => EventLoopDelayMs {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  return () => ({
    p50: delayMs(histogram.percentile(50)),
    p99: delayMs(histogram.percentile(99)),
    max: delayMs(histogram.max),
  })
}

/** The histogram holds whole intervals between two ticks, in nanoseconds: on time is `RESOLUTION_MS`, not 0. */
function delayMs(intervalNs: number): number {
  return Math.max(0, Math.round(intervalNs / 1000) / 1000 - RESOLUTION_MS)
}
