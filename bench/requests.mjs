/** Measures the CPU time per request and the requests per second. */
import { metered } from './metered.mjs'

const CONNECTIONS = 64

/**
 * Loads a server: each connection sends its next request after a response.
 *
 * @param how `pipelined`: requests in flight on each connection; `fields`: fields in addition to `Host`; `post`: bytes
 *   that each request posts
 */
export async function throughput(load, server, { path = '/', connections = CONNECTIONS, seconds, ...how }) {
  const url = server.url + path
  const core = server.placement.load
  const row = await metered(server, () => load.run({ url, core, connections, seconds, ...how }))
  return { ...row, ...perRequest(row) }
}

/** Derives the figures per request from those of a load. */
export function perRequest({ requests, seconds, processor: { serverSeconds } }) {
  return {
    requestsPerSecond: requests / seconds,
    processorUsPerRequest: (serverSeconds * 1e6) / requests,
    processorShare: serverSeconds / seconds,
  }
}
