import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { MetricsSnapshot } from '../../ports/operations/metrics.js'

/** Quantiles of the delay of the event loop, in milliseconds. */
export type EventLoopDelayMs = MetricsSnapshot['process']['eventLoopDelayMs']

/**
 * The interval of the timer whose lateness is measured: it is late while the event loop is busy. Twenty wake-ups per
 * second cost an idle server 0.2 % of a core.
 */
const RESOLUTION_MS = 50

/** Starts to measure, and returns a function that reads the delays since the start. */
export function measureEventLoopDelay(): () => EventLoopDelayMs {
  const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  histogram.enable()
  return () => ({
    p50: delayMs(histogram.percentile(50)),
    p99: delayMs(histogram.percentile(99)),
    max: delayMs(histogram.max),
  })
}

/** The histogram records whole intervals between ticks in nanoseconds: a tick on time counts `RESOLUTION_MS`, not 0. */
function delayMs(intervalNs: number): number {
  return Math.max(0, Math.round(intervalNs / 1000) / 1000 - RESOLUTION_MS)
}
