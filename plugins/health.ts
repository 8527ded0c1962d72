import { definePlugin, text, type Response } from 'portico/plugin'

const UNCACHED = { 'Cache-Control': 'no-store' }

/**
 * `GET /livez` answers 200 while the process works. `GET /readyz` answers 200 while the service wants new requests, and
 * otherwise 503 with the reason: it starts or drains, or its handler threads or worker processes crash. Both answer in
 * the event loop, so that they work however busy the handlers are.
 */
export default definePlugin({
  name: 'health',
  routes: ({ unready }) => ({
    'GET /livez': { inline: true, handler: () => text('ok\n', { headers: UNCACHED }) },
    'GET /readyz': { inline: true, handler: () => readiness(unready()) },
  }),
})

function readiness(reason: string | null): Response {
  return text(`${reason ?? 'running'}\n`, { status: reason === null ? 200 : 503, headers: UNCACHED })
}
