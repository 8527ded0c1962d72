import type { MetricsSnapshot, ProcessSnapshot } from 'portico/plugin'

type RouteMetrics = MetricsSnapshot['routes'][number]

export type Labels = Readonly<Record<string, string>>

/** The suffix of the family's name is that of a series of a histogram. */
export type Sample = readonly [labels: Labels, value: number, suffix?: string]

/** A metric by its name, in base units, and the samples that a subject has of it. */
export interface Family<Subject> {
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly name: string
  readonly help: string
  /** A bare number is the only sample, without labels. */
  readonly told: (subject: Subject) => number | readonly Sample[]
}

const PHASES: readonly MetricsSnapshot['phase'][] = ['starting', 'running', 'notice', 'draining', 'stopped']

const SERVER_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  gauge('portico_info', 'How the server runs; always 1.', ({ engine, socket }) => [[{ engine, socket }, 1]]),
  gauge('portico_phase', 'The phase of the life of the server: 1 for the present one.', ({ phase }) =>
    PHASES.map((each) => [{ phase: each }, each === phase ? 1 : 0]),
  ),
  gauge('portico_uptime_seconds', 'Time since the start.', ({ uptimeSeconds }) => uptimeSeconds),
  gauge('portico_queue_length', 'Requests waiting for a handler.', ({ queue }) => queue.length),
  gauge('portico_queue_capacity', 'Requests that may wait for a handler.', ({ queue }) => queue.capacity),
  counter(
    'portico_access_log_dropped_lines_total',
    'Access log lines that could not be written.',
    ({ accessLogDropped }) => accessLogDropped,
  ),
]

const CONNECTION_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  gauge('portico_connections_active', 'Open connections.', ({ connections }) => connections.active),
  gauge(
    'portico_connections_idle',
    'Open connections without a request under way.',
    ({ connections }) => connections.idle,
  ),
  counter('portico_connections_accepted_total', 'Connections accepted.', ({ connections }) => connections.accepted),
  counter('portico_connections_rejected_total', 'Connections turned away.', ({ connections }) => connections.rejected),
  counter('portico_received_bytes_total', 'Octets received on connections.', ({ bytes: octets }) => octets.in),
  counter('portico_sent_bytes_total', 'Octets sent on connections.', ({ bytes: octets }) => octets.out),
]

const REQUEST_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  counter('portico_requests_total', 'Requests begun.', ({ requests }) => requests.total),
  gauge('portico_requests_in_flight', 'Requests under way.', ({ requests }) => requests.inFlight),
  counter('portico_responses_total', 'Responses by class of status.', ({ requests }) =>
    labelled('class', requests.byStatusClass),
  ),
  counter('portico_request_errors_total', 'Requests not completed, by outcome.', ({ requests }) =>
    labelled('outcome', requests.byErrorClass),
  ),
  counter('portico_rejections_total', 'Refusals by rule.', ({ rejections }) => labelled('rule', rejections)),
]

const ROUTE_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  counter('portico_route_errors_total', 'Requests answered 5xx or not at all, by route.', ({ routes }) =>
    routes.map(({ route, errors }) => [{ route }, errors]),
  ),
  {
    type: 'histogram',
    name: 'portico_request_duration_seconds',
    help: 'Time from the request to the end of its response, by route.',
    told: ({ routes }) => routes.flatMap(histogramOf),
  },
]

/** Without a sample on an engine without threads. */
const THREAD_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  gauge('portico_threads', 'Handler threads, wanted and ready.', ({ threads }) =>
    threads === null ? [] : labelled('state', { configured: threads.configured, ready: threads.ready }),
  ),
  gauge('portico_threads_requests_in_flight', 'Requests that handler threads have.', ({ threads }) =>
    threads === null ? [] : threads.inFlight,
  ),
  counter('portico_threads_lost_total', 'Handler threads lost, by cause.', ({ threads }) =>
    threads === null ? [] : labelled('cause', threads.lost),
  ),
]

/** Without a sample where there is no HTTPS. */
const TLS_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  counter('portico_tls_handshakes_total', 'TLS handshakes, by outcome.', ({ tls }) =>
    tls === null ? [] : labelled('outcome', tls.handshakes),
  ),
  gauge('portico_tls_handshakes_in_flight', 'TLS handshakes under way.', ({ tls }) =>
    tls === null ? [] : tls.inFlight,
  ),
  gauge('portico_tls_certificate_expiry_seconds', 'Time until a certificate expires.', ({ tls }) =>
    (tls?.certificates ?? []).map(({ certificate, expiresInSeconds }) => [{ certificate }, expiresInSeconds]),
  ),
]

const MEMORY_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  gauge('portico_process_resident_memory_bytes', 'Memory of the process.', (snapshot) => snapshot.process.rssBytes),
  gauge('portico_process_heap_bytes', 'Memory of JavaScript objects.', (snapshot) => snapshot.process.heapBytes),
  gauge('portico_event_loop_delay_p50_seconds', 'Median delay of the event loop.', delaySeconds('p50')),
  gauge('portico_event_loop_delay_p99_seconds', '99th percentile of the delay.', delaySeconds('p99')),
  gauge('portico_event_loop_delay_max_seconds', 'Longest delay of the event loop.', delaySeconds('max')),
]

/** Of one process, or of all together. */
export const PROCESS_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  ...SERVER_FAMILIES,
  ...CONNECTION_FAMILIES,
  ...REQUEST_FAMILIES,
  ...ROUTE_FAMILIES,
  ...THREAD_FAMILIES,
  ...TLS_FAMILIES,
  ...MEMORY_FAMILIES,
]

/** Of the worker processes as a whole. */
export const CREW_FAMILIES: readonly Family<MetricsSnapshot['workers']>[] = [
  gauge('portico_workers', 'Worker processes, wanted and ready.', ({ configured, ready }) =>
    labelled('state', { configured, ready }),
  ),
  counter('portico_workers_lost_total', 'Worker processes lost, by cause.', ({ lost }) => labelled('cause', lost)),
  counter('portico_reloads_total', 'Reloads of the configuration, by result.', ({ reloads }) =>
    labelled('result', reloads),
  ),
  counter(
    'portico_tls_renewals_total',
    'Certificates taken up or refused without a restart, by result.',
    ({ renewals }) => labelled('result', renewals),
  ),
]

function gauge<Subject>(name: string, help: string, told: Family<Subject>['told']): Family<Subject> {
  return { type: 'gauge', name, help, told }
}

function counter<Subject>(name: string, help: string, told: Family<Subject>['told']): Family<Subject> {
  return { type: 'counter', name, help, told }
}

function labelled(label: string, values: Readonly<Record<string, number>>): Sample[] {
  return Object.entries(values).map(([key, value]) => [{ [label]: key }, value])
}

function histogramOf({ route, buckets, requests, sumSeconds }: RouteMetrics): Sample[] {
  return [
    ...buckets.map(({ leSeconds, count }): Sample => [{ route, le: bound(leSeconds) }, count, '_bucket']),
    [{ route }, sumSeconds, '_sum'],
    [{ route }, requests, '_count'],
  ]
}

function bound(seconds: number): string {
  return seconds === Infinity ? '+Inf' : String(seconds)
}

function delaySeconds(which: 'p50' | 'p99' | 'max'): Family<ProcessSnapshot>['told'] {
  return (snapshot) => snapshot.process.eventLoopDelayMs[which] / 1000
}
