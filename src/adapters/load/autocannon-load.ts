import type { Options, Request, Result } from 'autocannon'
import { LatencySummary } from '../../domain/service/latency-summary.js'
import type { BeginLoad, LoadOrder, LoadReport } from '../../ports/load.js'

const MS_PER_SECOND = 1000
const US_PER_MS = 1000
/** Closer to each other towards what is rare. */
const SHARES = [0.01, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.98, 0.99, 0.995, 0.999, 0.9995, 0.9999, 1]
/** An answer that takes longer is none. */
const TIMEOUT_SECONDS = 10

/** What its types leave out. */
interface Untyped {
  on(event: 'tick', told: (since: { readonly counter: number }) => void): void
  stop(): void
}

/** Load by autocannon, in the process that asks for it, which loads it only then. */
export const autocannonLoad: BeginLoad = (order, progress) => {
  let stop: (() => void) | null = null
  let isStopped = false
  const run = async (): Promise<LoadReport> => {
    const { default: autocannon } = await import('autocannon')
    const latency = new LatencySummary()
    const expectedMs = expectedIntervalMs(order)
    const begunMs = performance.now()
    const processorMs = processorMeter()
    let answered = 0
    return new Promise((resolve, reject) => {
      const instance = autocannon(optionsOf(order), (error: Error | null, result) => {
        if (error === null) resolve(reportOf(result, latency, processorMs()))
        else reject(error)
      })
      instance.on('response', (_client, _status, _octets, responseMs) => record(latency, responseMs, expectedMs))
      const untyped = instance as unknown as Untyped
      untyped.on('tick', ({ counter }) => progress((answered += counter), performance.now() - begunMs))
      stop = () => untyped.stop()
      if (isStopped) stop()
    })
  }
  return {
    report: run(),
    stop: () => {
      isStopped = true
      stop?.()
    },
  }
}

/** How long after another each request of one connection is due; infinite for a load without a rate. */
function expectedIntervalMs({ rate, connections }: LoadOrder): number {
  return rate === null ? Infinity : (Math.min(connections, rate) / rate) * MS_PER_SECOND
}

/**
 * Records a latency, and those of the requests that were due while it was waited for: a connection that waits does not send
 * them, and would leave out just what a stall has cost (coordinated omission).
 *
 * @param expectedMs how long after another requests of one connection are due
 */
export function record(latency: LatencySummary, responseMs: number, expectedMs: number): void {
  for (let ms = responseMs; ms > 0; ms -= expectedMs) latency.record(ms)
}

function optionsOf(order: LoadOrder): Options {
  const { url, socketPath, connections, durationMs, keepAlive, pipelining, method, headers, body, rate } = order
  return {
    url,
    connections: rate === null ? connections : Math.min(connections, rate),
    duration: durationMs / MS_PER_SECOND,
    pipelining,
    method: method as NonNullable<Request['method']>,
    headers: Object.fromEntries(keepAlive ? headers : [...headers, ['Connection', 'close']]),
    timeout: TIMEOUT_SECONDS,
    ...(keepAlive ? {} : { reconnectRate: 1 }),
    ...(body === null ? {} : { body }),
    ...(rate === null ? {} : { overallRate: rate }),
    ...(socketPath === null ? {} : { socketPath }),
  }
}

function reportOf(result: Result, latency: LatencySummary, processorMs: number): LoadReport {
  return {
    seconds: result.duration,
    requests: result.requests.total,
    errors: {
      connection: result.errors - result.timeouts,
      timeout: result.timeouts,
      status: result['4xx'] + result['5xx'],
    },
    octets: result.throughput.total,
    latencyMs: {
      p50: latency.quantileMs(0.5),
      p95: latency.quantileMs(0.95),
      p99: latency.quantileMs(0.99),
      max: latency.maxMs,
    },
    quantilesMs: SHARES.map((share) => [share, latency.quantileMs(share)]),
    processorMs,
  }
}

/** Tells how much processor time has passed since, of this process. */
function processorMeter(): () => number {
  const before = process.cpuUsage()
  return () => {
    const { user, system } = process.cpuUsage(before)
    return (user + system) / US_PER_MS
  }
}
