/**
 * A trivial handler on each engine: what a request costs, how many are served, and how long a lone one takes.
 *
 * On one core, a hand-over to another thread is all cost, which is what is asked for. With all cores the threads have
 * room, and what the load takes of it (about a core) they lack.
 */
import { lone } from '../load/clients.mjs'
import { APART, TOGETHER } from '../pinned.mjs'
import { throughput } from '../requests.mjs'
import { quotients } from '../statistics.mjs'
import { ENGINES, SELECTORS, shipped, THREADPOOL } from './servers.mjs'

/** What a lone client does between two requests. */
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
    { title: 'µs of processor per request', digits: 1, of: (row) => row.processorUsPerRequest },
    { title: 'requests per second', digits: 0, of: (row) => row.requestsPerSecond },
    { title: 'p50 µs', digits: 0, of: (row) => row.latencyMs && row.latencyMs.p50 * 1000 },
    { title: 'p99 µs', digits: 0, of: (row) => row.latencyMs && row.latencyMs.p99 * 1000 },
  ],

  targets: [
    {
      target: 'for comparison: selectors, of requests per second of threadpool, one core',
      of: (rows) => ratios(rows, APART, SELECTORS, THREADPOOL, 'requestsPerSecond'),
    },
    {
      target: 'for comparison: selectors, of requests per second of threadpool, all cores',
      of: (rows) => ratios(rows, TOGETHER, SELECTORS, THREADPOOL, 'requestsPerSecond'),
    },
    {
      target: 'for comparison: processor time per request of threadpool, of selectors, one core',
      of: (rows) => ratios(rows, APART, THREADPOOL, SELECTORS, 'processorUsPerRequest'),
    },
  ],
}

async function loneRow(server, pauseMs, seconds) {
  const result = await lone({ url: `${server.url}/`, core: server.placement.load, seconds: seconds / 2, pauseMs })
  return { scenario: pauseMs === 0 ? 'a lone client' : `a lone client, after ${pauseMs} ms`, ...result }
}

function ratios(rows, { placement }, above, below, figure) {
  const figures = (engine) =>
    rows
      .filter((row) => row.placement === placement && row.server === engine && row[figure] !== undefined)
      .map((row) => row[figure])
  return quotients(figures(above), figures(below))
}
