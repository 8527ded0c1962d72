/**
 * `node open-loop.mjs URL CONNECTIONS RATE SECONDS`: sends requests at a rate, independent of responses, over
 * persistent connections; prints JSON.
 *
 * Every latency counts from the moment at which the request was due. A request without a free connection waits for one,
 * and its wait counts. Thus a server that stalls is charged with every request that it delayed (coordinated omission).
 */
import { Worker } from 'node:worker_threads'
import { latencies } from '../statistics.mjs'
import { arrivals } from './arrivals.mjs'
import { KeepAlive } from './keep-alive.mjs'
import { monotonicMs } from './monotonic.mjs'

/** The first seconds of the load are not measured: client and server warm up, and a second load may begin. */
const WARM_SECONDS = 2
/** The time after the end in which responses still count. */
const GRACE_MS = 5000

class OpenLoop {
  /** @param connections open connections */
  constructor(url, connections, offsetsMs, startMs) {
    this.url = url
    this.path = new URL(url).pathname
    this.free = connections
    this.offsetsMs = offsetsMs
    this.startMs = startMs
    /** The number of requests that are due so far, were sent, and have ended. */
    this.due = 0
    this.sent = 0
    this.ended = 0
    /** Requests that found no free connection. */
    this.delayed = []
    this.lateMs = []
    this.replies = []
    this.errors = 0
    this.done = new Promise((resolve) => (this.finish = resolve))
  }

  start() {
    const metronome = new Worker(new URL('metronome.mjs', import.meta.url), {
      workerData: { startMs: this.startMs, offsetsMs: this.offsetsMs },
    })
    metronome.on('message', (due) => this.becomeDue(due))
    metronome.on('exit', () => setTimeout(() => this.finish(), GRACE_MS).unref())
    return this.done
  }

  becomeDue(due) {
    const now = monotonicMs()
    const before = this.due
    for (; this.due < due; this.due++) this.lateMs.push(now - this.dueMs(this.due))
    this.sendAll()
    for (let request = Math.max(before, this.sent); request < due; request++) this.delayed.push(request)
  }

  sendAll() {
    while (this.sent < this.due && this.free.length > 0) void this.send(this.sent++, this.free.pop())
  }

  async send(request, connection) {
    try {
      const { status } = await connection.get(this.path)
      this.replies.push({ request, status, atMs: monotonicMs() })
      this.free.push(connection)
    } catch {
      this.errors++
      this.free.push(await KeepAlive.open(this.url))
    }
    this.sendAll()
    if (++this.ended === this.offsetsMs.length) this.finish()
  }

  dueMs(request) {
    return this.startMs + this.offsetsMs[request]
  }

  /** Reports on the requests that were due at or after a moment. */
  account(fromMs, seconds) {
    const first = this.offsetsMs.findIndex((offset) => this.startMs + offset >= fromMs)
    const counted = this.replies.filter(({ request }) => request >= first)
    const statuses = [...new Set(counted.map(({ status }) => status))].sort()
    return {
      offered: this.offsetsMs.length - first,
      lateMs: latencies(this.lateMs.slice(first)),
      delayed: this.delayed.filter((request) => request >= first).length,
      errors: this.errors + this.offsetsMs.length - this.ended,
      replies: Object.fromEntries(statuses.map((status) => [status, this.reply(counted, status)])),
      answered: statusCounts(this.replies),
      answeredInTime: statusCounts(this.replies.filter(({ atMs }) => atMs >= fromMs && atMs < fromMs + seconds * 1000)),
    }
  }

  reply(counted, status) {
    const alike = counted.filter((reply) => reply.status === status)
    return { count: alike.length, latencyMs: latencies(alike.map(({ request, atMs }) => atMs - this.dueMs(request))) }
  }
}

function statusCounts(replies) {
  const counts = {}
  for (const { status } of replies) counts[status] = (counts[status] ?? 0) + 1
  return counts
}

const [url, connectionCount, rate, seconds] = process.argv.slice(2)
const connections = await Promise.all(Array.from({ length: Number(connectionCount) }, accepted))
const offsetsMs = arrivals(Number(rate), WARM_SECONDS + Number(seconds))
const loop = new OpenLoop(url, connections, offsetsMs, monotonicMs())
await loop.start()
process.stdout.write(JSON.stringify(loop.account(loop.startMs + WARM_SECONDS * 1000, Number(seconds))))
process.exit()

/**
 * Opens a connection and waits until the server has accepted it, so that the measured requests need not wait for that.
 */
async function accepted() {
  const connection = await KeepAlive.open(url)
  await connection.get(new URL(url).pathname)
  return connection
}
