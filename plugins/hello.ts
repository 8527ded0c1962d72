import { definePlugin, text } from 'portico/plugin'

/** `GET /`: the smallest plugin there is. */
export default definePlugin({
  name: 'hello',
  routes: {
    'GET /': () => text('Hello from Portico!\n'),
  },
})
