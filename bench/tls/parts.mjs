/** What HTTPS costs: a request on a connection that persists, a handshake, and a large file. */
import { sTime } from '../load/s-time.mjs'
import { metered } from '../metered.mjs'
import { perRequest, throughput } from '../requests.mjs'
import { NGINX } from '../servers/nginx.mjs'
import { quotients } from '../statistics.mjs'
import { FILE_OCTETS, filePathOf, NODE_HTTPS, PORTICO } from './servers.mjs'

/** Few are enough to keep a core busy with sending. */
const FILE_CONNECTIONS = 8
const FILE_MEBIOCTETS = FILE_OCTETS / 1024 / 1024

const startables = ({ startables }) => startables
const label = ({ server }) => [server]

export const keepAlive = {
  part: 'keep-alive',
  title: 'Requests on 64 connections that persist',
  startables,
  label,
  measure: async (server, { load, seconds }) => [await throughput(load, server, { seconds })],
  columns: [
    { title: 'µs of processor per request', digits: 1, of: cost },
    { title: 'requests per second', digits: 0, of: (row) => row.requestsPerSecond },
  ],
  targets: [
    { target: 'processor time per request, of node:https', most: 0.6, of: (rows) => ratios(rows, NODE_HTTPS) },
    { target: 'for comparison: the same, of nginx', of: (rows) => ratios(rows, NGINX) },
  ],
}

export const fullHandshakes = handshakes({ part: 'full-handshakes', title: 'Full handshakes', resumes: false })
export const resumptions = handshakes({ part: 'resumptions', title: 'Handshakes that resume a session', resumes: true })

export const largeFile = {
  part: 'large-file',
  title: `A file of ${FILE_MEBIOCTETS} MiB, ${FILE_CONNECTIONS} connections`,
  startables,
  label,
  measure: async (server, { load, seconds }) => [
    await throughput(load, server, { path: filePathOf(server), connections: FILE_CONNECTIONS, seconds }),
  ],
  columns: [
    { title: 'µs of processor per MiB', digits: 0, of: (row) => cost(row) / FILE_MEBIOCTETS },
    { title: 'MiB per second', digits: 0, of: (row) => row.requestsPerSecond * FILE_MEBIOCTETS },
  ],
  targets: [
    { target: 'for comparison: processor time per MiB, of node:https', of: (rows) => ratios(rows, NODE_HTTPS) },
    { target: 'for comparison: the same, of nginx', of: (rows) => ratios(rows, NGINX) },
  ],
}

function handshakes({ part, title, resumes }) {
  return {
    part,
    title: `${title}, each for one request`,
    startables,
    label,
    async measure(server, { seconds }) {
      const how = { url: server.url, core: server.placement.load, seconds, resumes }
      const row = await metered(server, () => sTime.run(how))
      return [{ ...row, ...perRequest(row) }]
    },
    columns: [
      { title: 'µs of processor per handshake', digits: 0, of: cost },
      { title: 'handshakes per second', digits: 0, of: (row) => row.requestsPerSecond },
    ],
    targets: [
      { target: 'for comparison: processor time per handshake, of node:https', of: (rows) => ratios(rows, NODE_HTTPS) },
      { target: 'for comparison: the same, of nginx', of: (rows) => ratios(rows, NGINX) },
    ],
  }
}

function cost(row) {
  return row.processorUsPerRequest
}

/** None against a server that is not there. */
function ratios(rows, against) {
  const costs = (server) => rows.filter((row) => row.server === server).map(cost)
  const others = costs(against)
  return others.length === 0 ? [] : quotients(costs(PORTICO), others)
}
