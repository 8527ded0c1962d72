import { definePlugin, json, text, type MetricsSnapshot, type Request, type Response } from 'portico/plugin'
import { prefersText } from './prefers-text.js'
import { PROMETHEUS_TYPE, prometheusText } from './prometheus.js'

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

/** The query decides; without one the `Accept` field, JSON unless text is liked better. */
function formatOf(request: Request): string {
  return request.query.get('format') ?? (prefersText(request.headers.get('accept')) ? 'prometheus' : 'json')
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
