/**
 * Sends three times as many heavy requests as the thread pool can serve, with a short queue. The server must keep
 * serving at its peak rate, and refuse the rest promptly.
 *
 * The peak is measured with a few connections that each send their next request after a response: enough to keep every
 * thread busy, too few to overflow the queue. Then requests are sent at three times that rate, independent of
 * responses, over more connections than pool and queue can hold. Only 200s that arrive while requests are still sent
 * count. The client of the overload uses several times as much of the cores as the client of the peak, and the threads
 * have less. Therefore the CPU time that the server uses per 200, refusals included, is printed as well.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { KeepAlive } from '../load/keep-alive.mjs'
import { openLoop } from '../load/clients.mjs'
import { metered } from '../metered.mjs'
import { TOGETHER } from '../pinned.mjs'
import { throughput } from '../requests.mjs'
import { quotients } from '../statistics.mjs'
import { HEAVY_PATH } from './heavy.mjs'
import { computing, THREADPOOL } from './servers.mjs'

const TIMES = 3
const QUEUE_SIZE = 16
const PEAK_CONNECTIONS = 8
const CONNECTIONS = 128
const SAMPLE_MS = 100

const PEAK = 'at the peak'
const OVER = 'overloaded'

export const overload = {
  part: 'overload',
  title: `${TIMES} times the capacity of the thread pool, queue of ${QUEUE_SIZE}, all cores`,

  startables({ turns, flags }) {
    const settings = [`threadpool.queueSize=${QUEUE_SIZE}`]
    return [computing({ engine: THREADPOOL, placement: TOGETHER, turns, settings, flags })]
  },

  async measure(server, { load, seconds }) {
    const peak = await throughput(load, server, { path: HEAVY_PATH, connections: PEAK_CONNECTIONS, seconds })
    const rate = TIMES * peak.requestsPerSecond
    const over = await metered(server, () => overloaded(server, rate, seconds))
    return [
      { scenario: PEAK, goodput: peak.requestsPerSecond, processorMsPer200: msPer200(peak, peak.requests), ...peak },
      { scenario: OVER, processorMsPer200: msPer200(over, over.answered[200]), rate, ...over },
    ]
  },

  label: ({ scenario }) => [scenario],

  columns: [
    { title: '200s per second', digits: 0, of: (row) => row.goodput },
    { title: 'p99 ms', digits: 1, of: (row) => row.replies?.[200]?.latencyMs.p99 },
    { title: 'CPU ms per 200', digits: 2, of: (row) => row.processorMsPer200 },
    { title: '503s per second', digits: 0, of: (row) => row.refusedPerSecond },
    { title: 'p50 ms', digits: 2, of: (row) => row.replies?.[503]?.latencyMs.p50 },
    { title: 'p99 ms', digits: 2, of: (row) => row.replies?.[503]?.latencyMs.p99 },
    { title: 'longest queue', digits: 0, of: (row) => row.queue?.longest },
    { title: "client's own p99 ms", digits: 2, of: (row) => row.lateMs?.p99 },
  ],

  targets: [
    { target: '200s per second, overload / peak', least: 0.9, of: (rows) => overloads(rows).map(({ kept }) => kept) },
    { target: 'longest queue of all rounds / its limit', most: 1, of: (rows) => [longestQueue(overloads(rows))] },
    { target: 'for comparison: CPU time per 200, overload / peak', of: costRatios },
  ],
}

async function overloaded({ url, placement }, rate, seconds) {
  const load = { connections: CONNECTIONS, rate, seconds }
  const client = openLoop({ url: url + HEAVY_PATH, core: placement.load, ...load })
  const [result, queue] = await Promise.all([client, watchQueue(url, client)])
  const { 200: served = 0, 503: refused = 0, ...others } = result.answeredInTime
  return {
    ...result,
    errors: result.errors + Object.values(others).reduce((sum, count) => sum + count, 0),
    goodput: served / seconds,
    kept: (TIMES * served) / seconds / rate,
    refusedPerSecond: refused / seconds,
    queue,
  }
}

/** Samples the queue until the work is done. */
async function watchQueue(url, work) {
  let isOver = false
  const stop = () => (isOver = true)
  work.then(stop, stop)
  const connection = await KeepAlive.open(url)
  const queues = []
  while (!isOver) {
    queues.push((await connection.json('/_metrics')).queue)
    await delay(SAMPLE_MS)
  }
  connection.close()
  return {
    samples: queues.length,
    longest: Math.max(...queues.map(({ length }) => length)),
    capacity: queues[0].capacity,
  }
}

function overloads(rows) {
  return rows.filter(({ scenario }) => scenario === OVER)
}

/** Divides the CPU time of the server, including that of refusals, by the number of 200s. */
function msPer200({ processor }, served) {
  return (processor.serverSeconds * 1000) / served
}

function costRatios(rows) {
  const costs = (wanted) => rows.filter(({ scenario }) => scenario === wanted).map((row) => row.processorMsPer200)
  return quotients(costs(OVER), costs(PEAK))
}

function longestQueue(rows) {
  return Math.max(...rows.map(({ queue }) => queue.longest / queue.capacity))
}
