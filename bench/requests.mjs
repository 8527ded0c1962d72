/** How much processor time a request costs, and how many are served a second. */
import { processorTimeNs } from './process-facts.mjs'

export const SCENARIOS = [
  { scenario: 'plain', pipelined: 1 },
  { scenario: 'pipelined 16', pipelined: 16 },
]

const CONNECTIONS = 64
const WARM_SECONDS = 2

/** Lets every server compile what every scenario runs. */
export async function warm(load, servers) {
  for (const server of servers) {
    for (const { pipelined } of SCENARIOS) await measure(load, server, pipelined, WARM_SECONDS)
  }
}

/**
 * One round: each scenario on each server in turn, another one first in each round.
 *
 * @returns a promise of one row per scenario and server
 */
export async function requestRound(load, servers, round, seconds) {
  const rows = []
  for (const { scenario, pipelined } of SCENARIOS) {
    for (const server of rotated(servers, round)) {
      rows.push({ round, scenario, server: server.name, ...(await measure(load, server, pipelined, seconds)) })
    }
  }
  return rows
}

async function measure(load, server, pipelined, seconds) {
  const before = processorTimeNs(server.pid)
  const result = await load.run({ url: server.url, connections: CONNECTIONS, seconds, pipelined })
  const usedNs = processorTimeNs(server.pid) - before
  return {
    ...result,
    requestsPerSecond: result.requests / result.seconds,
    processorUsPerRequest: usedNs / 1000 / result.requests,
    processorShare: usedNs / 1e9 / result.seconds,
  }
}

function rotated(list, by) {
  return list.map((_, i) => list[(i + by) % list.length])
}
