/**
 * Measures a route that computes for 5 ms on a free core, on each engine. Threads can use all cores. The load generator
 * shares them, but uses very little at these rates.
 *
 * The same rounds also measure, without a server, how much faster two processes compute than one, because virtual cores
 * may share a physical core.
 */
import { computing as bare } from '../load/clients.mjs'
import { TOGETHER } from '../pinned.mjs'
import { throughput } from '../requests.mjs'
import { quotients } from '../statistics.mjs'
import { computing, ENGINES, SELECTORS, THREADPOOL } from './servers.mjs'

export const HEAVY_MS = 5
export const HEAVY_PATH = '/compute'
export const HEAVY_CONNECTIONS = 16

const BARE_SECONDS = 1

export const heavy = {
  part: 'heavy',
  title: `A route that computes for ${HEAVY_MS} ms, ${HEAVY_CONNECTIONS} connections, all cores`,

  startables({ turns, flags }) {
    return ENGINES.map((engine) => computing({ engine, placement: TOGETHER, turns, flags }))
  },

  async measure(server, { load, seconds }) {
    return [await throughput(load, server, { path: HEAVY_PATH, connections: HEAVY_CONNECTIONS, seconds })]
  },

  /** Runs once per round, in addition to the servers. */
  async measureMachine({ turns }) {
    return [await computingIn(1, turns), await computingIn(2, turns)]
  },

  label: ({ server }) => [server],

  columns: [
    { title: 'requests per second', digits: 0, of: (row) => row.requestsPerSecond },
    { title: 'cores used', digits: 2, of: (row) => row.processorShare },
  ],

  targets: [
    {
      target: 'requests per second, threadpool / selectors',
      least: 1.5,
      of: (rows) => ratios(rows, THREADPOOL, SELECTORS),
    },
    {
      target: 'for comparison: two processes / one, without a server',
      of: (rows) => ratios(rows, bareName(2), bareName(1)),
    },
  ],
}

async function computingIn(processes, turns) {
  const results = await Promise.all(
    Array.from({ length: processes }, () => bare({ core: TOGETHER.load, turns, seconds: BARE_SECONDS })),
  )
  const requestsPerSecond = results.reduce((sum, { computed, seconds }) => sum + computed / seconds, 0)
  return { server: bareName(processes), requestsPerSecond, errors: 0 }
}

function bareName(processes) {
  return `no server, ${processes} computing`
}

function ratios(rows, above, below) {
  const rates = (name) => rows.filter((row) => row.server === name).map((row) => row.requestsPerSecond)
  return quotients(rates(above), rates(below))
}
