import { definePlugin, text } from 'portico/plugin'

const UNCACHED = { 'Cache-Control': 'no-store' }

/**
 * `GET /livez` tells that the process works; `GET /readyz` whether it wants new requests, which it does not while it
 * starts or drains. Both answer in the event loop, however busy the handlers are.
 */
export default definePlugin({
  name: 'health',
  routes: ({ phase }) => ({
    'GET /livez': { inline: true, handler: () => text('ok\n', { headers: UNCACHED }) },
    'GET /readyz': {
      inline: true,
      handler: () => text(`${phase()}\n`, { status: phase() === 'running' ? 200 : 503, headers: UNCACHED }),
    },
  }),
})
