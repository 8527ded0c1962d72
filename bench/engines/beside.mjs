/**
 * A light route on each engine, alone and beside the heavy one.
 *
 * The light load is what an ordinary service has beside its heavy users: 300 requests a second, the same in both
 * cases, a few per cent of what a core can do, at times that know nothing of each other (exponential gaps, the same ones
 * in every run). It is so light that a queue can only come from the heavy route. Neither answers nor stalls slow it, and
 * every latency counts from when the request was due; there are 64 connections, so that requests wait in the server and
 * not for a connection to be free. Its client goes before others on the cores where that is allowed, as if it were on a
 * machine of its own; how late it was itself stands beside the figures.
 *
 * The heavy load is that of the part `heavy`: as many requests as 16 connections can have answered, enough to keep any
 * number of cores busy.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { openLoop } from '../load/clients.mjs'
import { metered } from '../metered.mjs'
import { TOGETHER } from '../pinned.mjs'
import { quotients } from '../statistics.mjs'
import { HEAVY_CONNECTIONS, HEAVY_PATH } from './heavy.mjs'
import { computing, ENGINES, SELECTORS, THREADPOOL } from './servers.mjs'

const LIGHT_RATE = 300
const LIGHT_CONNECTIONS = 64

const ALONE = 'alone'
const BESIDE = 'beside the heavy one'

/**
 * The heavy load begins when the light one has its connections, which on a busy event loop are accepted one a turn, and
 * well before it counts; it lasts until the light one has ended.
 */
const LATER_MS = 700
const LONGER_SECONDS = 2

export const beside = {
  part: 'beside',
  title: `A light route (${LIGHT_RATE} requests a second) alone and beside the heavy one, all cores`,

  startables({ turns, flags }) {
    return ENGINES.map((engine) => computing({ engine, placement: TOGETHER, turns, flags }))
  },

  async measure(server, { load, seconds }) {
    return [
      { scenario: ALONE, ...(await metered(server, () => light(server, seconds))) },
      { scenario: BESIDE, ...(await metered(server, () => lightBesideHeavy(load, server, seconds))) },
    ]
  },

  label: ({ server, scenario }) => [server, scenario],

  columns: [
    { title: 'p50 ms', digits: 2, of: (row) => row.replies[200].latencyMs.p50 },
    { title: 'p99 ms', digits: 2, of: (row) => row.replies[200].latencyMs.p99 },
    { title: 'max ms', digits: 1, of: (row) => row.replies[200].latencyMs.max },
    { title: "client's own p99 ms", digits: 2, of: (row) => row.lateMs.p99 },
    { title: 'heavy requests per second', digits: 0, of: (row) => row.heavy?.requestsPerSecond },
  ],

  targets: [
    { target: 'threadpool: p99 beside the heavy route, of alone', most: 3, of: (rows) => ratios(rows, THREADPOOL) },
    { target: 'for comparison: the same on selectors', of: (rows) => ratios(rows, SELECTORS) },
  ],
}

async function light({ url, placement }, seconds) {
  const load = { connections: LIGHT_CONNECTIONS, rate: LIGHT_RATE, seconds }
  const result = await openLoop({ url: `${url}/`, core: placement.load, ...load })
  return { ...result, errors: result.errors + result.offered - (result.replies[200]?.count ?? 0) }
}

async function lightBesideHeavy(load, server, seconds) {
  const [result, heavy] = await Promise.all([
    light(server, seconds),
    delay(LATER_MS).then(() =>
      load.run({
        url: server.url + HEAVY_PATH,
        core: server.placement.load,
        connections: HEAVY_CONNECTIONS,
        seconds: seconds + LONGER_SECONDS,
        pipelined: 1,
      }),
    ),
  ])
  return {
    ...result,
    errors: result.errors + heavy.errors,
    heavy: { ...heavy, requestsPerSecond: heavy.requests / heavy.seconds },
  }
}

function ratios(rows, engine) {
  const p99s = (scenario) =>
    rows
      .filter((row) => row.server === engine && row.scenario === scenario)
      .map((row) => row.replies[200].latencyMs.p99)
  return quotients(p99s(BESIDE), p99s(ALONE))
}
