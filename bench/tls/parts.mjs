/** Measures the cost of HTTPS: a request on a persistent connection, a handshake, and a large file. */
import { sTime } from '../load/s-time.mjs'
import { metered } from '../metered.mjs'
import { perRequest, throughput } from '../requests.mjs'
import { NGINX } from '../servers/nginx.mjs'
import { quotients } from '../statistics.mjs'
import { FILE_BYTES, filePathOf, NODE_HTTPS, PORTICO } from './servers.mjs'

/** A few connections keep a core busy with sending. */
const FILE_CONNECTIONS = 8
const FILE_MIB = FILE_BYTES / 1024 / 1024

const startables = ({ startables }) => startables
const label = ({ server }) => [server]

export const keepAlive = {
  part: 'keep-alive',
  title: 'Requests on 64 persistent connections',
  startables,
  label,
  measure: async (server, { load, seconds }) => [await throughput(load, server, { seconds })],
  columns: [
    { title: 'CPU time per request, µs', digits: 1, of: cost },
    { title: 'requests per second', digits: 0, of: (row) => row.requestsPerSecond },
  ],
  targets: [
    { target: 'CPU time per request, portico / node:https', most: 0.6, of: (rows) => ratios(rows, NODE_HTTPS) },
    { target: 'for comparison: CPU time per request, portico / nginx', of: (rows) => ratios(rows, NGINX) },
  ],
}

export const fullHandshakes = handshakes({ part: 'full-handshakes', title: 'Full handshakes', resumes: false })
export const resumptions = handshakes({ part: 'resumptions', title: 'Handshakes that resume a session', resumes: true })

export const largeFile = {
  part: 'large-file',
  title: `A file of ${FILE_MIB} MiB, ${FILE_CONNECTIONS} connections`,
  startables,
  label,
  measure: async (server, { load, seconds }) => [
    await throughput(load, server, { path: filePathOf(server), connections: FILE_CONNECTIONS, seconds }),
  ],
  columns: [
    { title: 'CPU time per MiB, µs', digits: 0, of: (row) => cost(row) / FILE_MIB },
    { title: 'MiB per second', digits: 0, of: (row) => row.requestsPerSecond * FILE_MIB },
  ],
  targets: [
    { target: 'for comparison: CPU time per MiB, portico / node:https', of: (rows) => ratios(rows, NODE_HTTPS) },
    { target: 'for comparison: CPU time per MiB, portico / nginx', of: (rows) => ratios(rows, NGINX) },
  ],
}

function handshakes({ part, title, resumes }) {
  return {
    part,
    title: `${title}, each with one request`,
    startables,
    label,
    async measure(server, { seconds }) {
      const how = { url: server.url, core: server.placement.load, seconds, resumes }
      const row = await metered(server, () => sTime.run(how))
      return [{ ...row, ...perRequest(row) }]
    },
    columns: [
      { title: 'CPU time per handshake, µs', digits: 0, of: cost },
      { title: 'handshakes per second', digits: 0, of: (row) => row.requestsPerSecond },
    ],
    targets: [
      {
        target: 'for comparison: CPU time per handshake, portico / node:https',
        of: (rows) => ratios(rows, NODE_HTTPS),
      },
      { target: 'for comparison: CPU time per handshake, portico / nginx', of: (rows) => ratios(rows, NGINX) },
    ],
  }
}

function cost(row) {
  return row.processorUsPerRequest
}

/**
 * Divides Portico's CPU times by those of another server, round by round. There is no ratio without the other server.
 */
function ratios(rows, against) {
  const costs = (server) => rows.filter((row) => row.server === server).map(cost)
  const others = costs(against)
  return others.length === 0 ? [] : quotients(costs(PORTICO), others)
}
