/**
 * `node open-loop.mjs URL CONNECTIONS RATE SECONDS`: requests at a rate that no answer slows, over connections that
 * persist; JSON to stdout.
 *
 * Every latency is counted from the moment the request was due. One that finds all connections taken waits for the first
 * that is free, and its wait counts; so a server that stalls is charged with all that came meanwhile (coordinated
 * omission).
 */
import { Worker } from 'node:worker_threads'
import { latencies } from '../statistics.mjs'
import { arrivals } from './arrivals.mjs'
import { KeepAlive } from './keep-alive.mjs'
import { monotonicMs } from './monotonic.mjs'

/** The load comes, and does not count yet: client and server get warm, and what comes beside may begin. */
const WARM_SECONDS = 2
/** For what was not answered by the end. */
const GRACE_MS = 5000

class OpenLoop {
  /** @param connections open ones */
  constructor(url, connections, offsetsMs, startMs) {
    this.url = url
    this.path = new URL(url).pathname
    this.free = connections
    this.offsetsMs = offsetsMs
    this.startMs = startMs
    /** Requests told by the metronome, sent, and over. */
    this.told = 0
    this.sent = 0
    this.over = 0
    /** Those that found all connections taken. */
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
    metronome.on('message', (due) => this.tell(due))
    metronome.on('exit', () => setTimeout(() => this.finish(), GRACE_MS).unref())
    return this.done
  }

  tell(due) {
    const now = monotonicMs()
    const before = this.told
    for (; this.told < due; this.told++) this.lateMs.push(now - this.dueMs(this.told))
    this.sendAll()
    for (let request = Math.max(before, this.sent); request < due; request++) this.delayed.push(request)
  }

  sendAll() {
    while (this.sent < this.told && this.free.length > 0) void this.send(this.sent++, this.free.pop())
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
    if (++this.over === this.offsetsMs.length) this.finish()
  }

  dueMs(request) {
    return this.startMs + this.offsetsMs[request]
  }

  /** What became of the requests that were due from then on. */
  account(fromMs, seconds) {
    const first = this.offsetsMs.findIndex((offset) => this.startMs + offset >= fromMs)
    const counted = this.replies.filter(({ request }) => request >= first)
    const statuses = [...new Set(counted.map(({ status }) => status))].sort()
    return {
      offered: this.offsetsMs.length - first,
      lateMs: latencies(this.lateMs.slice(first)),
      delayed: this.delayed.filter((request) => request >= first).length,
      errors: this.errors + this.offsetsMs.length - this.over,
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

/** A connection that the server has taken: one that only the kernel has would have to wait for that. */
async function accepted() {
  const connection = await KeepAlive.open(url)
  await connection.get(new URL(url).pathname)
  return connection
}
