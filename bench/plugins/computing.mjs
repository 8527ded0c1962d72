import { definePlugin, text } from 'portico/plugin'
import { compute } from '../compute.mjs'

/** `GET /` is as light as the shipped plugin hello; `GET /compute` computes for the `turns` of its settings. */
export default definePlugin({
  name: 'computing',
  routes: ({ settings }) => ({
    'GET /': () => text('Hello from Portico!\n'),
    'GET /compute': () => text(`${compute(settings.turns)}\n`),
  }),
})
