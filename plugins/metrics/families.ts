import type { MetricsSnapshot, ProcessSnapshot } from 'portico/plugin'

type RouteMetrics = MetricsSnapshot['routes'][number]

/** Labels of a sample, by name. */
export type Labels = Readonly<Record<string, string>>

/** A value with its labels. The series of a histogram append a suffix to the name of the family. */
export type Sample = readonly [labels: Labels, value: number, suffix?: string]

/** A metric in base units (seconds, bytes), and how to read its samples from a subject. */
export interface Family<Subject> {
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly name: string
  readonly help: string
  /** Returns the samples of a subject. A number is one sample without labels. */
  readonly read: (subject: Subject) => number | readonly Sample[]
}

const PHASES: readonly MetricsSnapshot['phase'][] = ['starting', 'running', 'notice', 'draining', 'stopped']

const SERVER_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  gauge('portico_info', 'The engine and the socket adapter, as labels; always 1.', ({ engine, socket }) => [
    [{ engine, socket }, 1],
  ]),
  gauge('portico_phase', 'The phase of the server: 1 for the current phase, 0 for the others.', ({ phase }) =>
    PHASES.map((each) => [{ phase: each }, each === phase ? 1 : 0]),
  ),
  gauge('portico_uptime_seconds', 'Seconds since the start.', ({ uptimeSeconds }) => uptimeSeconds),
  gauge('portico_queue_length', 'Requests that wait for a handler.', ({ queue }) => queue.length),
  gauge(
    'portico_queue_capacity',
    'Largest number of requests that can wait for a handler.',
    ({ queue }) => queue.capacity,
  ),
  counter(
    'portico_access_log_dropped_lines_total',
    'Access log lines dropped because the output was blocked or failed.',
    ({ accessLogDropped }) => accessLogDropped,
  ),
]

const CONNECTION_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  gauge('portico_connections_active', 'Open connections.', ({ connections }) => connections.active),
  gauge(
    'portico_connections_idle',
    'Open connections without a request in progress.',
    ({ connections }) => connections.idle,
  ),
  counter('portico_connections_accepted_total', 'Connections accepted.', ({ connections }) => connections.accepted),
  counter(
    'portico_connections_rejected_total',
    'Connections rejected because there was no room.',
    ({ connections }) => connections.rejected,
  ),
  counter('portico_received_bytes_total', 'Bytes received on connections.', ({ bytes }) => bytes.in),
  counter('portico_sent_bytes_total', 'Bytes sent on connections.', ({ bytes }) => bytes.out),
]

const REQUEST_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  counter('portico_requests_total', 'Requests received.', ({ requests }) => requests.total),
  gauge('portico_requests_in_flight', 'Requests in progress.', ({ requests }) => requests.inFlight),
  counter('portico_responses_total', 'Responses, by status class.', ({ requests }) =>
    labelled('class', requests.byStatusClass),
  ),
  counter('portico_request_errors_total', 'Requests that were not completed, by outcome.', ({ requests }) =>
    labelled('outcome', requests.byErrorClass),
  ),
  counter('portico_rejections_total', 'Requests and connections refused, by rule.', ({ rejections }) =>
    labelled('rule', rejections),
  ),
]

const ROUTE_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  counter('portico_route_errors_total', 'Requests with a 5xx response or none, by route.', ({ routes }) =>
    routes.map(({ route, errors }) => [{ route }, errors]),
  ),
  {
    type: 'histogram',
    name: 'portico_request_duration_seconds',
    help: 'Seconds from the head of the request to the end of the response, by route.',
    read: ({ routes }) => routes.flatMap(histogramOf),
  },
]

/** These families have no sample on an engine without threads. */
const THREAD_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  gauge('portico_threads', 'Handler threads, configured and ready.', ({ threads }) =>
    threads === null ? [] : labelled('state', { configured: threads.configured, ready: threads.ready }),
  ),
  gauge('portico_threads_requests_in_flight', 'Requests in progress in handler threads.', ({ threads }) =>
    threads === null ? [] : threads.inFlight,
  ),
  counter('portico_threads_lost_total', 'Handler threads lost, by cause.', ({ threads }) =>
    threads === null ? [] : labelled('cause', threads.lost),
  ),
]

/** These families have no sample without HTTPS. */
const TLS_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  counter('portico_tls_handshakes_total', 'TLS handshakes, by outcome.', ({ tls }) =>
    tls === null ? [] : labelled('outcome', tls.handshakes),
  ),
  gauge('portico_tls_handshakes_in_flight', 'TLS handshakes in progress.', ({ tls }) =>
    tls === null ? [] : tls.inFlight,
  ),
  gauge('portico_tls_certificate_expiry_seconds', 'Seconds until a certificate expires, by certificate.', ({ tls }) =>
    (tls?.certificates ?? []).map(({ certificate, expiresInSeconds }) => [{ certificate }, expiresInSeconds]),
  ),
]

const MEMORY_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  gauge(
    'portico_process_resident_memory_bytes',
    'Resident memory of the process.',
    (snapshot) => snapshot.process.rssBytes,
  ),
  gauge(
    'portico_process_heap_bytes',
    'Heap memory in use by JavaScript objects.',
    (snapshot) => snapshot.process.heapBytes,
  ),
  gauge('portico_event_loop_delay_p50_seconds', 'Median event loop delay.', delaySeconds('p50')),
  gauge('portico_event_loop_delay_p99_seconds', '99th percentile of the event loop delay.', delaySeconds('p99')),
  gauge('portico_event_loop_delay_max_seconds', 'Longest event loop delay.', delaySeconds('max')),
]

/** The families of one process, or of all processes together. */
export const PROCESS_FAMILIES: readonly Family<ProcessSnapshot>[] = [
  ...SERVER_FAMILIES,
  ...CONNECTION_FAMILIES,
  ...REQUEST_FAMILIES,
  ...ROUTE_FAMILIES,
  ...THREAD_FAMILIES,
  ...TLS_FAMILIES,
  ...MEMORY_FAMILIES,
]

/** The families of the group of worker processes. */
export const GROUP_FAMILIES: readonly Family<MetricsSnapshot['workers']>[] = [
  gauge('portico_workers', 'Worker processes, configured and ready.', ({ configured, ready }) =>
    labelled('state', { configured, ready }),
  ),
  counter('portico_workers_lost_total', 'Worker processes lost, by cause.', ({ lost }) => labelled('cause', lost)),
  counter('portico_reloads_total', 'Reloads of the configuration, by result.', ({ reloads }) =>
    labelled('result', reloads),
  ),
  counter('portico_tls_renewals_total', 'Certificate renewals without a restart, by result.', ({ renewals }) =>
    labelled('result', renewals),
  ),
]

function gauge<Subject>(name: string, help: string, read: Family<Subject>['read']): Family<Subject> {
  return { type: 'gauge', name, help, read }
}

function counter<Subject>(name: string, help: string, read: Family<Subject>['read']): Family<Subject> {
  return { type: 'counter', name, help, read }
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

function delaySeconds(which: 'p50' | 'p99' | 'max'): Family<ProcessSnapshot>['read'] {
  return (snapshot) => snapshot.process.eventLoopDelayMs[which] / 1000
}
