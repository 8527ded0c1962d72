/**
 * Measures one worker process and two, with plain and with computing requests: requests per second, CPU time per
 * request, and how evenly connections and requests are distributed.
 *
 * The load generator runs on the same machine. For plain requests it uses most of a core, which is then not available
 * to the second worker; the cores that it uses are printed as well. The computing route leaves all cores to the server,
 * and shows the gain of a second worker on free cores.
 */
import { KeepAlive } from '../load/keep-alive.mjs'
import { TOGETHER } from '../pinned.mjs'
import { throughput } from '../requests.mjs'
import { quotients } from '../statistics.mjs'
import { HEAVY_CONNECTIONS, HEAVY_PATH } from './heavy.mjs'
import { computing, SELECTORS } from './servers.mjs'

const WORKERS = [1, 2]
const SCENARIOS = [
  { scenario: 'plain', path: '/' },
  { scenario: 'computing', path: HEAVY_PATH, connections: HEAVY_CONNECTIONS },
]

export const workers = {
  part: 'workers',
  title: 'One worker process and two, selectors, all cores',

  startables({ turns, flags }) {
    return WORKERS.map((count) => {
      const settings = [`workers=${count}`]
      return computing({ name: nameOf(count), engine: SELECTORS, placement: TOGETHER, turns, settings, flags })
    })
  },

  async measure(server, { load, seconds }) {
    const rows = []
    for (const { scenario, ...asked } of SCENARIOS) {
      const row = await countedPerWorker(server, () => throughput(load, server, { ...asked, seconds }))
      rows.push({ scenario, ...row, loadShare: row.processor.loadSeconds / row.seconds })
    }
    return rows
  },

  label: ({ scenario, server }) => [scenario, server],

  columns: [
    { title: 'requests per second', digits: 0, of: (row) => row.requestsPerSecond },
    { title: 'CPU time per request, µs', digits: 1, of: (row) => row.processorUsPerRequest },
    { title: 'cores used', digits: 2, of: (row) => row.processorShare },
    { title: 'cores the load used', digits: 2, of: (row) => row.loadShare },
    { title: 'most connections of a worker / its fair share', digits: 2, of: (row) => unevenness(row.connections) },
    { title: 'most requests of a worker / its fair share', digits: 2, of: (row) => unevenness(row.served) },
  ],

  targets: SCENARIOS.map(({ scenario }) => ({
    target: `for comparison: ${scenario}, requests per second, two workers / one`,
    of: (rows) => gains(rows, scenario),
  })),
}

function nameOf(count) {
  return count === 1 ? '1 worker' : `${count} workers`
}

/** Runs a load and counts the connections and requests of each worker. */
async function countedPerWorker({ url }, work) {
  const connection = await KeepAlive.open(url)
  const before = await perWorker(connection)
  const result = await work()
  const after = await perWorker(connection)
  connection.close()
  return {
    ...result,
    connections: after.map((worker, i) => worker.connections - before[i].connections),
    served: after.map((worker, i) => worker.requests - before[i].requests),
  }
}

async function perWorker(connection) {
  const { workers: snapshots } = await connection.json('/_metrics?per=worker')
  return snapshots.map(({ connections, requests }) => ({ connections: connections.accepted, requests: requests.total }))
}

function unevenness(counts) {
  return (Math.max(...counts) * counts.length) / counts.reduce((sum, count) => sum + count, 0)
}

function gains(rows, scenario) {
  const rates = (count) =>
    rows.filter((row) => row.scenario === scenario && row.server === nameOf(count)).map((row) => row.requestsPerSecond)
  return quotients(rates(2), rates(1))
}
