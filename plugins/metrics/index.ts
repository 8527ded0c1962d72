import {
  definePlugin,
  json,
  preferred,
  text,
  type MetricsSnapshot,
  type ProcessSnapshot,
  type Request,
  type Response,
  type ServiceMetrics,
  type WorkerSnapshot,
} from 'portico/plugin'
import { perWorkerText, PROMETHEUS_TYPE, prometheusText } from './prometheus.js'

const JSON_TYPE = 'application/json'
/** Prometheus prefers OpenMetrics, and also accepts our text, because the response's `Content-Type` says what it is. */
const FORMATS = [JSON_TYPE, 'text/plain', 'application/openmetrics-text']

type Format = 'json' | 'prometheus'

const UNCACHED = { 'Cache-Control': 'no-store' }

/** `GET /_metrics`: the metrics of all workers together, or of each with `?per=worker`, as JSON or Prometheus text. */
export default definePlugin({
  name: 'metrics',
  routes: ({ metrics }) => ({
    'GET /_metrics': { inline: true, admin: true, handler: (request) => answer(request, metrics) },
  }),
})

async function answer(request: Request, metrics: ServiceMetrics): Promise<Response> {
  const format = formatOf(request)
  if (format !== 'json' && format !== 'prometheus')
    return refusal('Unknown format. Use format=json or format=prometheus\n')
  const per = request.query.get('per')
  if (per === null) return ofAll(await metrics.snapshot(), format)
  if (per === 'worker') return ofEach(await metrics.perWorker(), format)
  return refusal('Unknown per. Use per=worker, or leave it out for all workers together\n')
}

function ofAll(snapshot: MetricsSnapshot, format: Format): Response {
  return format === 'json' ? inJson(withoutBuckets(snapshot)) : inText(prometheusText(snapshot))
}

function ofEach(workers: readonly WorkerSnapshot[], format: Format): Response {
  if (format === 'prometheus') return inText(perWorkerText(workers))
  return inJson({
    workers: workers.map(({ worker, pid, snapshot }) => ({ worker, pid, ...withoutBuckets(snapshot) })),
  })
}

function inJson(value: object): Response {
  return json(value, { headers: UNCACHED })
}

function inText(content: string): Response {
  return text(content, { headers: { ...UNCACHED, 'Content-Type': PROMETHEUS_TYPE } })
}

function refusal(content: string): Response {
  return text(content, { status: 400, headers: UNCACHED })
}

/** The query decides the format; without it the `Accept` field: JSON, unless the peer prefers text. */
function formatOf(request: Request): string {
  return request.query.get('format') ?? (prefersText(request.headers.get('accept')) ? 'prometheus' : 'json')
}

/** JSON wins a tie, because curl and browsers accept anything, and also if the peer accepts none of our formats. */
function prefersText(accept: string | null): boolean {
  return (preferred(accept, FORMATS) ?? JSON_TYPE) !== JSON_TYPE
}

/** Leaves the buckets out: they are for Prometheus, and JSON cannot represent the infinite bound of the last one. */
function withoutBuckets(snapshot: ProcessSnapshot): object {
  const routes = snapshot.routes.map(({ route, requests, errors, latencyMs }) => ({
    route,
    requests,
    errors,
    latencyMs,
  }))
  return { ...snapshot, routes }
}
