/**
 * Measures a trivial handler on each engine: the CPU time per request, the requests per second, and the latency of a
 * single client.
 *
 * On one core, handing a request to another thread is pure cost, and that cost is measured. On all cores, the threads
 * run in parallel, but share the cores with the load generator, which uses about one.
 */
import { lone } from '../load/clients.mjs'
import { APART, TOGETHER } from '../pinned.mjs'
import { throughput } from '../requests.mjs'
import { quotients } from '../statistics.mjs'
import { ENGINES, SELECTORS, shipped, THREADPOOL } from './servers.mjs'

/** The pauses of a single client between two requests. */
const PAUSES_MS = [0, 2]

export const trivial = {
  part: 'trivial',
  title: 'A trivial handler on each engine',

  startables({ flags }) {
    return [APART, TOGETHER].flatMap((placement) => ENGINES.map((engine) => shipped({ engine, placement, flags })))
  },

  async measure(server, { load, seconds }) {
    const rows = [{ scenario: '64 connections', ...(await throughput(load, server, { seconds })) }]
    for (const pauseMs of PAUSES_MS) rows.push(await loneRow(server, pauseMs, seconds))
    return rows.map((row) => ({ placement: server.placement.placement, ...row }))
  },

  label: ({ placement, scenario, server }) => [placement, scenario, server],

  columns: [
    { title: 'CPU time per request, µs', digits: 1, of: (row) => row.processorUsPerRequest },
    { title: 'requests per second', digits: 0, of: (row) => row.requestsPerSecond },
    { title: 'p50 µs', digits: 0, of: (row) => row.latencyMs && row.latencyMs.p50 * 1000 },
    { title: 'p99 µs', digits: 0, of: (row) => row.latencyMs && row.latencyMs.p99 * 1000 },
  ],

  targets: [
    {
      target: 'for comparison: requests per second, selectors / threadpool, one core',
      of: (rows) => ratios(rows, APART, SELECTORS, THREADPOOL, 'requestsPerSecond'),
    },
    {
      target: 'for comparison: requests per second, selectors / threadpool, all cores',
      of: (rows) => ratios(rows, TOGETHER, SELECTORS, THREADPOOL, 'requestsPerSecond'),
    },
    {
      target: 'for comparison: CPU time per request, threadpool / selectors, one core',
      of: (rows) => ratios(rows, APART, THREADPOOL, SELECTORS, 'processorUsPerRequest'),
    },
  ],
}

async function loneRow(server, pauseMs, seconds) {
  const result = await lone({ url: `${server.url}/`, core: server.placement.load, seconds: seconds / 2, pauseMs })
  return { scenario: pauseMs === 0 ? 'a single client' : `a single client, pausing ${pauseMs} ms`, ...result }
}

function ratios(rows, { placement }, above, below, figure) {
  const figures = (engine) =>
    rows
      .filter((row) => row.placement === placement && row.server === engine && row[figure] !== undefined)
      .map((row) => row[figure])
  return quotients(figures(above), figures(below))
}
