import { definePlugin, stream } from 'portico/plugin'

/**
 * `POST /submit`: sends back what it gets, with its media type, while it is still arriving. Nothing is gathered: a peer
 * that reads slowly slows down its own sending, and an upload of any size takes the same memory.
 */
export default definePlugin({
  name: 'submit',
  routes: {
    'POST /submit': (request) => stream(request.content, { type: request.headers.get('content-type') }),
  },
})
