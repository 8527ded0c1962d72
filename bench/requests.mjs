/** How much processor time a request costs, and how many are served a second. */
import { metered } from './metered.mjs'

const CONNECTIONS = 64
/**
 * As many requests as a number of connections can have answered.
 *
 * @param how `pipelined`: how many of them at a time on each; `fields`: what they carry beside `Host`; `post`: octets that
 *   each posts
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
