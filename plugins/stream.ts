import { setTimeout } from 'node:timers/promises'
import { definePlugin, stream } from 'portico/plugin'

/**
 * `GET /stream`: a few lines, each sent when its time has come; `curl --no-buffer` shows them one by one.
 *
 * Its section of the configuration: `count` of lines (5), `intervalMs` between them (200).
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

/** Ends early, by an error, when nobody listens any more. */
async function* lines(count: number, intervalMs: number, signal: AbortSignal): AsyncGenerator<string> {
  for (let line = 1; line <= count; line++) {
    if (line > 1) await setTimeout(intervalMs, undefined, { signal })
    yield `Line ${line} of ${count}\n`
  }
}

function positive(key: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) > 0) return value as number
  throw new Error(`Cannot stream with "${key}" of ${JSON.stringify(value)}: wanted a whole number above 0`)
}
