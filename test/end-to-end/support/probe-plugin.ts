/** The text of a plugin whose routes show how the server handles a request. */
export const PROBE = `
import { bytes, definePlugin, json, stream } from 'portico/plugin'

export default definePlugin({
  name: 'probe',
  routes: {
    'GET /plain': () => 'plain\\n',
    'GET /canary': () => 'canary\\n',
    'GET /pieces': () => stream(['one ', '', 'two ', 'three\\n'], { type: 'text/plain' }),
    'POST /echo': async (request) => bytes(await request.bytes(), request.headers.get('content-type')),
    'POST /back': (request) => stream(request.content),
    'POST /unread': () => 'unread\\n',
    'POST /trailers': async (request) => {
      const content = await request.text()
      return json({ content, trailers: [...request.trailers] })
    },
    'GET /request/:name': ({ path, query, params, headers }) =>
      json({ path, query: [...query], params: { ...params }, host: headers.get('host') }),
  },
})
`
