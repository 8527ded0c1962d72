import { definePlugin, text } from 'portico/plugin'

/** `GET /` answers with a greeting. This is the smallest possible plugin. */
export default definePlugin({
  name: 'hello',
  routes: {
    'GET /': () => text('Hello from Portico!\n'),
  },
})
