/** `node lone.mjs URL SECONDS PAUSE_MS`: one connection, one request after the other, each after a pause; JSON to stdout. */
import { setTimeout as delay } from 'node:timers/promises'
import { latencies } from '../statistics.mjs'
import { KeepAlive } from './keep-alive.mjs'
import { monotonicMs } from './monotonic.mjs'

/** For the client to be compiled. */
const WARM_MS = 500

const [url, seconds, pauseMs] = process.argv.slice(2)
const { pathname } = new URL(url)
const connection = await KeepAlive.open(url)
await askFor(WARM_MS)
const measured = await askFor(Number(seconds) * 1000)
process.stdout.write(JSON.stringify(measured))
connection.close()

async function askFor(durationMs) {
  const times = []
  let errors = 0
  const endMs = monotonicMs() + durationMs
  while (monotonicMs() < endMs) {
    if (pauseMs !== '0') await delay(Number(pauseMs))
    const begunMs = monotonicMs()
    const { status } = await connection.get(pathname)
    times.push(monotonicMs() - begunMs)
    if (status !== 200) errors++
  }
  return { latencyMs: latencies(times), errors }
}
