import { definePlugin, text, type Response } from 'portico/plugin'

const UNCACHED = { 'Cache-Control': 'no-store' }

/**
 * `GET /livez` tells that the process works; `GET /readyz` whether the service wants new requests, and why it does not:
 * it starts or drains, or its handler threads or worker processes crash. Both answer in the event loop, however busy
 * the handlers are.
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
