import { bytes, definePlugin } from 'portico/plugin'

/** `POST /echo` sends the request content back. */
export default definePlugin({
  name: 'echo',
  routes: { 'POST /echo': async (request) => bytes(await request.bytes()) },
})
