/**
 * Measures a light route on each engine, without other load and beside the heavy route.
 *
 * The light load is 300 requests per second in both cases, a few per cent of the capacity of a core. Requests arrive
 * independently of each other: their gaps are exponential, and the same in every run. The load is so light that only
 * the heavy route can cause a queue. Neither responses nor stalls slow it down, and every latency counts from the
 * moment at which a request was due. It has 64 connections, so that requests wait in the server and not for a free
 * connection. Where it is allowed, its client has priority over other processes, as if it ran on a separate machine.
 * The client's own delay is printed beside the figures.
 *
 * The heavy load is that of the part `heavy`: 16 connections that each send their next request after a response. This
 * keeps any number of cores busy.
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

const ALONE = 'without other load'
const BESIDE = 'beside the heavy route'

/**
 * The heavy load begins after the light load has opened its connections, because a busy event loop accepts one
 * connection per turn. It still begins well before the light load is measured, and ends after it.
 */
const LATER_MS = 700
const LONGER_SECONDS = 2

export const beside = {
  part: 'beside',
  title: `A light route (${LIGHT_RATE} requests per second) without other load and beside the heavy route, all cores`,

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
    {
      target: 'threadpool: p99 beside the heavy route / without other load',
      most: 3,
      of: (rows) => ratios(rows, THREADPOOL),
    },
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
