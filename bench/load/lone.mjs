/**
 * `node lone.mjs URL SECONDS PAUSE_MS`: sends one request after another on one connection, each after a pause; prints
 * JSON.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { latencies } from '../statistics.mjs'
import { KeepAlive } from './keep-alive.mjs'
import { monotonicMs } from './monotonic.mjs'

/** The warm-up, in which the JIT compiles the client. */
const WARM_MS = 500

const [url, seconds, pauseMs] = process.argv.slice(2)
const { pathname } = new URL(url)
const connection = await KeepAlive.open(url)
await sendFor(WARM_MS)
const measured = await sendFor(Number(seconds) * 1000)
process.stdout.write(JSON.stringify(measured))
connection.close()

async function sendFor(durationMs) {
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
