import { definePlugin, stream } from 'portico/plugin'

/**
 * `POST /submit` sends the content of the request back, with its media type, while it is still arriving. It does not
 * buffer the content, so an upload of any size takes the same memory. A peer that reads slowly cannot send faster.
 */
export default definePlugin({
  name: 'submit',
  routes: {
    'POST /submit': (request) => stream(request.content, { type: request.headers.get('content-type') }),
  },
})
