import { definePlugin, json, preferred, text, type MetricsSnapshot, type Request, type Response } from 'portico/plugin'
import { PROMETHEUS_TYPE, prometheusText } from './prometheus.js'

const JSON_TYPE = 'application/json'
/** What Prometheus asks for; it takes our text for OpenMetrics too, since the answer's type says which it is. */
const FORMATS = [JSON_TYPE, 'text/plain', 'application/openmetrics-text']

const UNCACHED = { 'Cache-Control': 'no-store' }

/** `GET /_metrics`: what the server counted, as JSON or as Prometheus text. */
export default definePlugin({
  name: 'metrics',
  routes: ({ metrics }) => ({
    'GET /_metrics': { inline: true, handler: (request) => answer(request, () => metrics.snapshot()) },
  }),
})

function answer(request: Request, snapshot: () => MetricsSnapshot): Response {
  switch (formatOf(request)) {
    case 'json':
      return json(withoutBuckets(snapshot()), { headers: UNCACHED })
    case 'prometheus':
      return text(prometheusText(snapshot()), { headers: { ...UNCACHED, 'Content-Type': PROMETHEUS_TYPE } })
    default:
      return text('Unknown format: wanted json or prometheus\n', { status: 400, headers: UNCACHED })
  }
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
function withoutBuckets(snapshot: MetricsSnapshot): object {
  const routes = snapshot.routes.map(({ route, requests, errors, latencyMs }) => ({
    route,
    requests,
    errors,
    latencyMs,
  }))
  return { ...snapshot, routes }
}
