import { bytes, definePlugin } from 'portico/plugin'

/** `POST /echo` answers with what was sent. */
export default definePlugin({
  name: 'echo',
  routes: { 'POST /echo': async (request) => bytes(await request.bytes()) },
})
