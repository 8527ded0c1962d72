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
/** What Prometheus asks for; it takes our text for OpenMetrics too, since the answer's type says which it is. */
const FORMATS = [JSON_TYPE, 'text/plain', 'application/openmetrics-text']

type Format = 'json' | 'prometheus'

const UNCACHED = { 'Cache-Control': 'no-store' }

/** `GET /_metrics`: what all workers counted, or with `?per=worker` each of them, as JSON or as Prometheus text. */
export default definePlugin({
  name: 'metrics',
  routes: ({ metrics }) => ({
    'GET /_metrics': { inline: true, admin: true, handler: (request) => answer(request, metrics) },
  }),
})

async function answer(request: Request, metrics: ServiceMetrics): Promise<Response> {
  const format = formatOf(request)
  if (format !== 'json' && format !== 'prometheus') return refusal('Unknown format: wanted json or prometheus\n')
  const per = request.query.get('per')
  if (per === null) return ofAll(await metrics.snapshot(), format)
  if (per === 'worker') return ofEach(await metrics.perWorker(), format)
  return refusal('Unknown per: wanted worker, or nothing for all together\n')
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

/** The query decides; without one the `Accept` field: JSON unless text is liked better. */
function formatOf(request: Request): string {
  return request.query.get('format') ?? (likesText(request.headers.get('accept')) ? 'prometheus' : 'json')
}

/** A tie goes to JSON, so that curl and browsers, which take anything, get it; and so does what we have none of. */
function likesText(accept: string | null): boolean {
  return (preferred(accept, FORMATS) ?? JSON_TYPE) !== JSON_TYPE
}

/** Buckets are for Prometheus: quantiles tell a reader of JSON more, and JSON has no infinity. */
function withoutBuckets(snapshot: ProcessSnapshot): object {
  const routes = snapshot.routes.map(({ route, requests, errors, latencyMs }) => ({
    route,
    requests,
    errors,
    latencyMs,
  }))
  return { ...snapshot, routes }
}
