import type { MetricsSnapshot } from 'portico/plugin'

/** Prometheus text exposition format 0.0.4. */
export const PROMETHEUS_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Readonly<Record<string, string>>
type Sample = readonly [labels: Labels, value: number]
type RouteMetrics = MetricsSnapshot['routes'][number]

const PHASES: readonly MetricsSnapshot['phase'][] = ['starting', 'running', 'notice', 'draining', 'stopped']

/** Every family in one piece, with its help and type, in base units. Labels are names of ours, never a peer's words. */
export function prometheusText(snapshot: MetricsSnapshot): string {
  return [
    ...serverFamilies(snapshot),
    ...connectionFamilies(snapshot),
    ...requestFamilies(snapshot),
    ...routeFamilies(snapshot.routes),
    ...processFamilies(snapshot.process),
  ].join('')
}

function serverFamilies({ engine, socket, phase, uptimeSeconds, queue, accessLogDropped }: MetricsSnapshot): string[] {
  return [
    gauge('portico_info', 'How the server runs; always 1.', [[{ engine, socket }, 1]]),
    gauge(
      'portico_phase',
      'The phase of the life of the server: 1 for the present one.',
      PHASES.map((each) => [{ phase: each }, each === phase ? 1 : 0]),
    ),
    gauge('portico_uptime_seconds', 'Time since the start.', uptimeSeconds),
    gauge('portico_queue_length', 'Requests waiting for a handler.', queue.length),
    gauge('portico_queue_capacity', 'Requests that may wait for a handler.', queue.capacity),
    counter('portico_access_log_dropped_lines_total', 'Access log lines that could not be written.', accessLogDropped),
  ]
}

function connectionFamilies({ connections, octets }: MetricsSnapshot): string[] {
  return [
    gauge('portico_connections_active', 'Open connections.', connections.active),
    gauge('portico_connections_idle', 'Open connections without a request under way.', connections.idle),
    counter('portico_connections_accepted_total', 'Connections accepted.', connections.accepted),
    counter('portico_connections_rejected_total', 'Connections turned away.', connections.rejected),
    counter('portico_received_bytes_total', 'Octets received on connections.', octets.in),
    counter('portico_sent_bytes_total', 'Octets sent on connections.', octets.out),
  ]
}

function requestFamilies({ requests, rejections }: MetricsSnapshot): string[] {
  return [
    counter('portico_requests_total', 'Requests begun.', requests.total),
    gauge('portico_requests_in_flight', 'Requests under way.', requests.inFlight),
    counter('portico_responses_total', 'Responses by class of status.', labelled('class', requests.byStatusClass)),
    counter(
      'portico_request_errors_total',
      'Requests not completed, by outcome.',
      labelled('outcome', requests.byErrorClass),
    ),
    counter('portico_rejections_total', 'Refusals by rule.', labelled('rule', rejections)),
  ]
}

function routeFamilies(routes: readonly RouteMetrics[]): string[] {
  return [
    counter(
      'portico_route_errors_total',
      'Requests answered 5xx or not at all, by route.',
      routes.map(({ route, errors }) => [{ route }, errors]),
    ),
    histogram(
      'portico_request_duration_seconds',
      'Time from the request to the end of its response, by route.',
      routes,
    ),
  ]
}

function processFamilies({ rssBytes, heapBytes, eventLoopDelayMs }: MetricsSnapshot['process']): string[] {
  return [
    gauge('portico_process_resident_memory_bytes', 'Memory of the process.', rssBytes),
    gauge('portico_process_heap_bytes', 'Memory of JavaScript objects.', heapBytes),
    gauge('portico_event_loop_delay_p50_seconds', 'Median delay of the event loop.', eventLoopDelayMs.p50 / 1000),
    gauge('portico_event_loop_delay_p99_seconds', '99th percentile of the delay.', eventLoopDelayMs.p99 / 1000),
    gauge('portico_event_loop_delay_max_seconds', 'Longest delay of the event loop.', eventLoopDelayMs.max / 1000),
  ]
}

function gauge(name: string, help: string, samples: number | readonly Sample[]): string {
  return family(name, 'gauge', help) + samplesOf(name, samples)
}

function counter(name: string, help: string, samples: number | readonly Sample[]): string {
  return family(name, 'counter', help) + samplesOf(name, samples)
}

function histogram(name: string, help: string, routes: readonly RouteMetrics[]): string {
  let lines = family(name, 'histogram', help)
  for (const { route, buckets, requests, sumSeconds } of routes) {
    for (const { leSeconds, count } of buckets)
      lines += sample(`${name}_bucket`, { route, le: number(leSeconds) }, count)
    lines += sample(`${name}_sum`, { route }, sumSeconds) + sample(`${name}_count`, { route }, requests)
  }
  return lines
}

function family(name: string, type: 'gauge' | 'counter' | 'histogram', help: string): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`
}

function samplesOf(name: string, samples: number | readonly Sample[]): string {
  if (typeof samples === 'number') return sample(name, {}, samples)
  return samples.map(([labels, value]) => sample(name, labels, value)).join('')
}

function labelled(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([key, value]) => [{ [label]: key }, value])
}

function sample(name: string, labels: Labels, value: number): string {
  const pairs = Object.entries(labels).map(([label, text]) => `${label}="${escapedLabel(text)}"`)
  return `${name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${number(value)}\n`
}

/** "label_value can be any sequence of UTF-8 characters, but the backslash, double-quote, and line feed" are escaped. */
function escapedLabel(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')
}

function number(value: number): string {
  return value === Infinity ? '+Inf' : String(value)
}
