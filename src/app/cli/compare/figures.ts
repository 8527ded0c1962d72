/** What is measured of a server under load. */
import type { LoadReport } from '../../../ports/tools/load.js'
import type { ServerUsage } from '../../../ports/tools/measured-server.js'
import { errorRate } from '../load.js'
import { summary, type Summary } from './summary.js'

const US_PER_MS = 1000
const PERCENT = 100
const OCTETS_PER_MEGABYTE = 1e6

/** A figure: how it is called, and how many decimals of it tell something. */
export interface Figure {
  readonly title: string
  readonly digits: number
  /** `null` where nobody can tell. */
  of(sample: Sample): number | null
}

/** One server under load, in one round. */
export interface Sample {
  readonly report: LoadReport
  /** What the server used meanwhile; `null` where the system does not tell, or the server was gone. */
  readonly used: Used | null
}

interface Used {
  readonly processorMs: number
  /** At the end. */
  readonly residentBytes: number
  /** Of what is resident. */
  readonly grownOctets: number
}

export function sampleOf(report: LoadReport, before: ServerUsage | null, after: ServerUsage | null): Sample {
  if (before === null || after === null) return { report, used: null }
  return {
    report,
    used: {
      processorMs: after.processorMs - before.processorMs,
      residentBytes: after.residentBytes,
      grownOctets: after.residentBytes - before.residentBytes,
    },
  }
}

const perRequest = ({ report }: Sample, value: number | undefined): number | null =>
  value === undefined || report.requests === 0 ? null : value / report.requests

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
    title: 'µs of processor per request',
    digits: 1,
    of: (sample) => perRequest(sample, sample.used === null ? undefined : sample.used.processorMs * US_PER_MS),
  },
  memory: {
    title: 'memory, MB',
    digits: 0,
    of: ({ used }) => (used === null ? null : used.residentBytes / OCTETS_PER_MEGABYTE),
  },
  growth: {
    title: 'octets that memory grew by per request',
    digits: 0,
    of: (sample) => perRequest(sample, sample.used?.grownOctets),
  },
} satisfies Readonly<Record<string, Figure>>

/** A figure of all rounds; `null` where it is missing in one of them. */
export function summaryOf(samples: readonly Sample[], figure: Figure): Summary | null {
  const values = samples.map((sample) => figure.of(sample))
  return values.every((value) => value !== null) ? summary(values) : null
}

/** More of a processor than this, and it was the load that could do no more, not the server. */
const BUSY = 0.9

/** Whether the load had no processor time left, so that requests per second were its own bound. */
export function isBoundByLoad({ report: { processorMs, seconds } }: Sample): boolean {
  return processorMs > BUSY * seconds * US_PER_MS
}
