/** How much processor time a request costs, and how many are served a second. */
import { BROWSER_FIELDS } from './load/browser-fields.mjs'
import { metered } from './metered.mjs'
import { rotated } from './turns.mjs'

export const SCENARIOS = [
  { scenario: 'plain', how: {} },
  { scenario: "a browser's head", how: { fields: BROWSER_FIELDS } },
  { scenario: 'pipelined 16', how: { pipelined: 16 } },
]

const CONNECTIONS = 64
const WARM_SECONDS = 2

/** Lets every server compile what every scenario runs. */
export async function warm(load, servers) {
  for (const server of servers) {
    for (const { how } of SCENARIOS) await throughput(load, server, { ...how, seconds: WARM_SECONDS })
  }
}

/**
 * One round: each scenario on each server in turn, another one first in each round.
 *
 * @returns a promise of one row per scenario and server
 */
export async function requestRound(load, servers, round, seconds) {
  const rows = []
  for (const { scenario, how } of SCENARIOS) {
    for (const server of rotated(servers, round)) {
      rows.push({ round, scenario, server: server.name, ...(await throughput(load, server, { ...how, seconds })) })
    }
  }
  return rows
}

/**
 * As many requests as a number of connections can have answered.
 *
 * @param how `pipelined`: how many of them at a time on each; `fields`: what they carry beside `Host`
 */
export async function throughput(load, server, { path = '/', connections = CONNECTIONS, seconds, ...how }) {
  const url = server.url + path
  const core = server.placement.load
  const row = await metered(server, () => load.run({ url, core, connections, seconds, ...how }))
  return { ...row, ...perRequest(row) }
}

/** What a request costs, of a load of many. */
export function perRequest({ requests, seconds, processor: { serverSeconds } }) {
  return {
    requestsPerSecond: requests / seconds,
    processorUsPerRequest: (serverSeconds * 1e6) / requests,
    processorShare: serverSeconds / seconds,
  }
}
