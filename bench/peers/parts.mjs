/** The measurements of all servers: the CPU time of several kinds of requests, and the memory of an idle connection. */
import { idleMemory } from '../idle-memory.mjs'
import { BROWSER_FIELDS } from '../load/browser-fields.mjs'
import { throughput } from '../requests.mjs'
import { quotients } from '../statistics.mjs'
import { EPOLL, LARGE_FILE, LOGGING, NET, NGINX, NODE_HTTP, SMALL_FILE, THREADS } from './servers.mjs'

const FEW = 64
const MANY = 10_000
/** Longer than it takes to open all connections. */
const MANY_SECONDS = 5
const LARGE_CONNECTIONS = 8

/** Servers that cannot send request content back without another program. */
const NO_ECHO = [NGINX, 'h2o']

const label = ({ server }) => [server]
const costs = (rows, server) => rows.filter((row) => row.server === server).map((row) => row.processorUsPerRequest)

/** Divides the CPU times of two servers round by round. There is no ratio without the other server. */
function ratios(one, other) {
  return (rows) => (costs(rows, other).length === 0 ? [] : quotients(costs(rows, one), costs(rows, other)))
}

function requests({ part, title, how = {}, kinds = [EPOLL, NET, THREADS], without = [], targets }) {
  return {
    part,
    title,
    startables: ({ own, peers }) => [
      ...kinds.map((kind) => own[kind]),
      ...peers.filter(({ name }) => !without.includes(name)),
    ],
    measure: async (server, { load, seconds }) => [await throughput(load, server, { ...how, seconds })],
    label,
    columns: [
      { title: 'CPU time per request, µs', digits: 1, of: (row) => row.processorUsPerRequest },
      { title: 'requests per second', digits: 0, of: (row) => row.requestsPerSecond },
    ],
    targets,
  }
}

const plain = requests({
  part: 'plain',
  title: `A plain request, ${FEW} connections`,
  targets: [
    { target: 'CPU time, portico / node:http', most: 0.45, of: ratios(EPOLL, NODE_HTTP) },
    { target: 'CPU time, portico / nginx', most: 1.15, of: ratios(EPOLL, NGINX) },
    { target: 'for comparison: CPU time, portico / Bun', of: ratios(EPOLL, 'Bun') },
    { target: 'for comparison: CPU time, portico on net sockets / node:http', of: ratios(NET, NODE_HTTP) },
  ],
})

const browser = requests({
  part: 'browser',
  title: `A browser's head (15 fields), ${FEW} connections`,
  how: { fields: BROWSER_FIELDS },
  targets: [
    { target: 'for comparison: CPU time, portico / node:http', of: ratios(EPOLL, NODE_HTTP) },
    { target: 'for comparison: CPU time, portico / nginx', of: ratios(EPOLL, NGINX) },
  ],
})

const pipelined = requests({
  part: 'pipelined',
  title: `16 requests pipelined, ${FEW} connections`,
  how: { pipelined: 16 },
  targets: [
    { target: 'CPU time, portico / node:http', most: 0.1, of: ratios(EPOLL, NODE_HTTP) },
    { target: 'CPU time, portico / nginx', most: 0.25, of: ratios(EPOLL, NGINX) },
  ],
})

const echo = requests({
  part: 'echo',
  title: `POST of 1 KiB that is sent back, ${FEW} connections`,
  how: { path: '/echo', post: 1024 },
  without: NO_ECHO,
  targets: [{ target: 'for comparison: CPU time, portico / node:http', of: ratios(EPOLL, NODE_HTTP) }],
})

const smallFile = requests({
  part: 'small-file',
  title: `A file of 4 KiB, ${FEW} connections`,
  how: { path: SMALL_FILE },
  kinds: [EPOLL, NET],
  targets: [
    { target: 'CPU time, portico / nginx', most: 1, of: ratios(EPOLL, NGINX) },
    { target: 'CPU time, portico / send on node:http', most: 0.2, of: ratios(EPOLL, NODE_HTTP) },
  ],
})

const largeFile = requests({
  part: 'large-file',
  title: `A file of 1 MiB, ${LARGE_CONNECTIONS} connections`,
  how: { path: LARGE_FILE, connections: LARGE_CONNECTIONS },
  kinds: [EPOLL, NET],
  targets: [
    { target: 'CPU time, portico / nginx', most: 1.25, of: ratios(EPOLL, NGINX) },
    { target: 'for comparison: CPU time, portico / send on node:http', of: ratios(EPOLL, NODE_HTTP) },
  ],
})

const accessLog = {
  ...requests({ part: 'access-log', title: `Access log on and off, a plain request, ${FEW} connections`, targets: [] }),
  startables: ({ own }) => [own[EPOLL], own[LOGGING]],
  targets: [{ target: 'CPU time, access log on / off', most: 1.2, of: ratios(LOGGING, EPOLL) }],
}

const manyConnections = {
  part: 'many-connections',
  title: `A plain request on ${FEW} and on ${MANY} connections`,
  startables: ({ own, peers }) => [own[EPOLL], own[NET], ...peers],
  async measure(server, { load, seconds }) {
    const few = await throughput(load, server, { connections: FEW, seconds })
    const many = await throughput(load, server, { connections: MANY, seconds: Math.max(seconds, MANY_SECONDS) })
    return [
      { connections: FEW, ...few },
      { connections: MANY, ...many },
    ]
  },
  label: ({ server, connections }) => [server, String(connections)],
  columns: [
    { title: 'requests per second', digits: 0, of: (row) => row.requestsPerSecond },
    { title: 'CPU time per request, µs', digits: 1, of: (row) => row.processorUsPerRequest },
  ],
  targets: [
    { target: `requests per second of portico, ${MANY} connections / ${FEW}`, least: 0.7, of: shares(EPOLL) },
    { target: 'for comparison: the same of nginx', of: shares(NGINX) },
    { target: 'for comparison: the same of node:http', of: shares(NODE_HTTP) },
  ],
}

/** Divides the requests per second on many connections by those on few, round by round. */
function shares(server) {
  return (rows) => {
    const rates = (connections) =>
      rows.filter((row) => row.server === server && row.connections === connections).map((row) => row.requestsPerSecond)
    return quotients(rates(MANY), rates(FEW))
  }
}

const memory = {
  part: 'memory',
  title: 'Memory of an idle connection after one request',
  startables: ({ own, peers }) => [own[EPOLL], own[NET], ...peers],
  // A fresh process each time, because memory from earlier measurements would count otherwise.
  startsItself: true,
  measure: async (startable, { logTo, warming }) =>
    warming ? [] : [{ errors: 0, ...(await idleMemory(startable, logTo)) }],
  label,
  columns: [{ title: 'bytes per connection', digits: 0, of: (row) => row.bytesPerConnection }],
  targets: [
    {
      target: 'bytes per connection of portico',
      most: 1500,
      of: (rows) => rows.filter(({ server }) => server === EPOLL).map((row) => row.bytesPerConnection),
    },
  ],
}

/** All parts, in their order. */
export const PARTS = [plain, browser, pipelined, echo, smallFile, largeFile, accessLog, manyConnections, memory]
