/** The figures that are measured for a server under load. */
import type { LoadReport } from '../../../ports/tools/load.js'
import type { ServerUsage } from '../../../ports/tools/measured-server.js'
import { errorRate } from '../load.js'
import { summary, type Summary } from './summary.js'

const US_PER_MS = 1000
const PERCENT = 100
const BYTES_PER_MEGABYTE = 1e6

/** A figure: its title, its significant decimals, and how it is derived from a sample. */
export interface Figure {
  readonly title: string
  readonly digits: number
  /** Returns `null` where the figure is unknown. */
  of(sample: Sample): number | null
}

/** One measurement: one server under load, in one round. */
export interface Sample {
  readonly report: LoadReport
  /** The resources that the server used; `null` where the system does not report them, or the server had ended. */
  readonly used: Used | null
}

interface Used {
  readonly processorMs: number
  /** Resident memory at the end. */
  readonly residentBytes: number
  /** Growth of resident memory during the load. */
  readonly grownBytes: number
}

/** Makes a sample from the report of a load, and the server's usage before and after it. */
export function sampleOf(report: LoadReport, before: ServerUsage | null, after: ServerUsage | null): Sample {
  if (before === null || after === null) return { report, used: null }
  return {
    report,
    used: {
      processorMs: after.processorMs - before.processorMs,
      residentBytes: after.residentBytes,
      grownBytes: after.residentBytes - before.residentBytes,
    },
  }
}

const perRequest = ({ report }: Sample, value: number | undefined): number | null =>
  value === undefined || report.requests === 0 ? null : value / report.requests

/** All figures, in the order of the report. */
export const FIGURES = {
  requestsPerSecond: {
    title: 'requests per second',
    digits: 0,
    of: ({ report: { requests, seconds } }) => requests / seconds,
  },
  p50: { title: 'p50, ms', digits: 2, of: ({ report }) => report.latencyMs.p50 },
  p95: { title: 'p95, ms', digits: 2, of: ({ report }) => report.latencyMs.p95 },
  p99: { title: 'p99, ms', digits: 2, of: ({ report }) => report.latencyMs.p99 },
  errors: { title: 'errors, %', digits: 2, of: ({ report }) => errorRate(report) * PERCENT },
  processor: {
    title: 'CPU time per request, µs',
    digits: 1,
    of: (sample) => perRequest(sample, sample.used === null ? undefined : sample.used.processorMs * US_PER_MS),
  },
  memory: {
    title: 'memory, MB',
    digits: 0,
    of: ({ used }) => (used === null ? null : used.residentBytes / BYTES_PER_MEGABYTE),
  },
  growth: {
    title: 'memory growth per request, bytes',
    digits: 0,
    of: (sample) => perRequest(sample, sample.used?.grownBytes),
  },
} satisfies Readonly<Record<string, Figure>>

/** Summarizes a figure over all rounds. Returns `null` where it is unknown in one of them. */
export function summaryOf(samples: readonly Sample[], figure: Figure): Summary | null {
  const values = samples.map((sample) => figure.of(sample))
  return values.every((value) => value !== null) ? summary(values) : null
}

/** The share of a core above which the load generator counts as saturated. */
const SATURATED = 0.9

/** Tells whether the load generator used all of a core, so that it limited the requests per second. */
export function isLimitedByLoad({ report: { processorMs, seconds } }: Sample): boolean {
  return processorMs > SATURATED * seconds * US_PER_MS
}
