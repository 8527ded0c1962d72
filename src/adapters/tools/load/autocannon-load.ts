import type { Options, Request, Result } from 'autocannon'
import { LatencySummary } from '../../../domain/metrics/latency-summary.js'
import type { BeginLoad, LoadOptions, LoadReport } from '../../../ports/tools/load.js'
import { checkDescriptors } from './descriptors.js'
import { latencyReport, processorMeter, TIMEOUT_SECONDS } from './latency-report.js'

const MS_PER_SECOND = 1000

/** The members of an instance that autocannon's types omit. */
interface Untyped {
  on(event: 'tick', listener: (since: { readonly counter: number }) => void): void
  stop(): void
}

/**
 * Generates load with autocannon, in this process, over persistent connections and without a rate. The package is
 * loaded with the first load.
 */
export const autocannonLoad: BeginLoad = (options, progress) => {
  let stop: (() => void) | null = null
  let isStopped = false
  const run = async (): Promise<LoadReport> => {
    checkDescriptors(options.connections)
    const { default: autocannon } = await import('autocannon')
    const latency = new LatencySummary()
    const begunMs = performance.now()
    const processorMs = processorMeter()
    let answered = 0
    return new Promise((resolve, reject) => {
      const instance = autocannon(optionsOf(options), (error: Error | null, result) => {
        if (error === null) resolve({ ...countsOf(result), ...latencyReport(latency), processorMs: processorMs() })
        else reject(error)
      })
      instance.on('response', (_client, _status, _octets, responseMs) => latency.record(responseMs))
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

function optionsOf({
  url,
  socketPath,
  connections,
  durationMs,
  pipelining,
  method,
  headers,
  body,
}: LoadOptions): Options {
  return {
    url,
    connections,
    duration: durationMs / MS_PER_SECOND,
    pipelining,
    method: method as NonNullable<Request['method']>,
    headers: combined(headers),
    timeout: TIMEOUT_SECONDS,
    ...(body === null ? {} : { body }),
    ...(socketPath === null ? {} : { socketPath }),
  }
}

/**
 * Combines lines of the same field, because autocannon accepts only one. The meaning stays the same (RFC 9110 §5.3).
 */
function combined(headers: LoadOptions['headers']): Record<string, string> {
  const lines = new Map<string, { name: string; value: string }>()
  for (const [name, value] of headers) {
    const key = name.toLowerCase()
    const before = lines.get(key)
    // Cookies have another separator (RFC 6265 §4.2.1).
    const separator = key === 'cookie' ? '; ' : ', '
    lines.set(key, {
      name: before?.name ?? name,
      value: before === undefined ? value : before.value + separator + value,
    })
  }
  return Object.fromEntries([...lines.values()].map(({ name, value }) => [name, value]))
}

function countsOf(result: Result): Pick<LoadReport, 'seconds' | 'requests' | 'errors' | 'bytes'> {
  return {
    seconds: result.duration,
    requests: result.requests.total,
    errors: {
      connection: result.errors - result.timeouts,
      timeout: result.timeouts,
      status: result['4xx'] + result['5xx'],
    },
    bytes: result.throughput.total,
  }
}
