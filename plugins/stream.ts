import { setTimeout } from 'node:timers/promises'
import { definePlugin, stream } from 'portico/plugin'

/**
 * `GET /stream` sends a few lines, one after each interval; `curl --no-buffer` shows them one by one.
 *
 * Settings: `count`, the number of lines (5 by default), and `intervalMs` (200 by default).
 */
export default definePlugin({
  name: 'stream',
  routes: ({ settings }) => {
    const count = positive('count', settings['count'] ?? 5)
    const intervalMs = positive('intervalMs', settings['intervalMs'] ?? 200)
    return {
      'GET /stream': ({ signal }) => stream(lines(count, intervalMs, signal), { type: 'text/plain; charset=utf-8' }),
    }
  },
})

/** Stops with an error when the signal aborts, which means that the peer has disconnected. */
async function* lines(count: number, intervalMs: number, signal: AbortSignal): AsyncGenerator<string> {
  for (let line = 1; line <= count; line++) {
    if (line > 1) await setTimeout(intervalMs, undefined, { signal })
    yield `Line ${line} of ${count}\n`
  }
}

function positive(key: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) > 0) return value as number
  throw new Error(`Cannot use "${key}": found ${JSON.stringify(value)}, wanted a whole number above 0`)
}
