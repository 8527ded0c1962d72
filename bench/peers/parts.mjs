/** What is measured of all servers: what a request costs the server, by kind of request, and an idle connection. */
import { idleMemory } from '../idle-memory.mjs'
import { BROWSER_FIELDS } from '../load/browser-fields.mjs'
import { throughput } from '../requests.mjs'
import { quotients } from '../statistics.mjs'
import { EPOLL, LARGE_FILE, LOGGING, NET, NGINX, NODE_HTTP, SMALL_FILE, THREADS } from './servers.mjs'

const FEW = 64
const MANY = 10_000
/** Longer than it takes to open them all. */
const MANY_SECONDS = 5
const LARGE_CONNECTIONS = 8

/** nginx and h2o answer with what was sent only by way of a program behind them. */
const NO_ECHO = [NGINX, 'h2o']

const label = ({ server }) => [server]
const costs = (rows, server) => rows.filter((row) => row.server === server).map((row) => row.processorUsPerRequest)

/** Of two servers in each round; none where one is not there. */
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
      { title: 'µs of processor per request', digits: 1, of: (row) => row.processorUsPerRequest },
      { title: 'requests per second', digits: 0, of: (row) => row.requestsPerSecond },
    ],
    targets,
  }
}

const plain = requests({
  part: 'plain',
  title: `A plain request, ${FEW} connections`,
  targets: [
    { target: 'portico, of node:http', most: 0.45, of: ratios(EPOLL, NODE_HTTP) },
    { target: 'portico, of nginx', most: 1.15, of: ratios(EPOLL, NGINX) },
    { target: 'for comparison: portico, of Bun', of: ratios(EPOLL, 'Bun') },
    { target: 'for comparison: portico on net sockets, of node:http', of: ratios(NET, NODE_HTTP) },
  ],
})

const browser = requests({
  part: 'browser',
  title: `A browser's head (15 fields), ${FEW} connections`,
  how: { fields: BROWSER_FIELDS },
  targets: [
    { target: 'for comparison: portico, of node:http', of: ratios(EPOLL, NODE_HTTP) },
    { target: 'for comparison: portico, of nginx', of: ratios(EPOLL, NGINX) },
  ],
})

const pipelined = requests({
  part: 'pipelined',
  title: `16 requests pipelined, ${FEW} connections`,
  how: { pipelined: 16 },
  targets: [
    { target: 'portico, of node:http', most: 0.1, of: ratios(EPOLL, NODE_HTTP) },
    { target: 'portico, of nginx', most: 0.25, of: ratios(EPOLL, NGINX) },
  ],
})

const echo = requests({
  part: 'echo',
  title: `POST of 1 KiB that is sent back, ${FEW} connections`,
  how: { path: '/echo', post: 1024 },
  without: NO_ECHO,
  targets: [{ target: 'for comparison: portico, of node:http', of: ratios(EPOLL, NODE_HTTP) }],
})

const smallFile = requests({
  part: 'small-file',
  title: `A file of 4 KiB, ${FEW} connections`,
  how: { path: SMALL_FILE },
  kinds: [EPOLL, NET],
  targets: [
    { target: 'portico, of nginx', most: 1, of: ratios(EPOLL, NGINX) },
    { target: 'portico, of send on node:http', most: 0.2, of: ratios(EPOLL, NODE_HTTP) },
  ],
})

const largeFile = requests({
  part: 'large-file',
  title: `A file of 1 MiB, ${LARGE_CONNECTIONS} connections`,
  how: { path: LARGE_FILE, connections: LARGE_CONNECTIONS },
  kinds: [EPOLL, NET],
  targets: [
    { target: 'portico, of nginx', most: 1.25, of: ratios(EPOLL, NGINX) },
    { target: 'for comparison: portico, of send on node:http', of: ratios(EPOLL, NODE_HTTP) },
  ],
})

const accessLog = {
  ...requests({ part: 'access-log', title: `Access log on and off, a plain request, ${FEW} connections`, targets: [] }),
  startables: ({ own }) => [own[EPOLL], own[LOGGING]],
  targets: [{ target: 'on, of off', most: 1.2, of: ratios(LOGGING, EPOLL) }],
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
    { title: 'µs of processor per request', digits: 1, of: (row) => row.processorUsPerRequest },
  ],
  targets: [
    { target: `portico, requests per second on ${MANY}, of ${FEW}`, least: 0.7, of: shares(EPOLL) },
    { target: 'for comparison: the same, of nginx', of: shares(NGINX) },
    { target: 'for comparison: the same, of node:http', of: shares(NODE_HTTP) },
  ],
}

/** How many requests many connections have served of those that few have. */
function shares(server) {
  return (rows) => {
    const rates = (connections) =>
      rows.filter((row) => row.server === server && row.connections === connections).map((row) => row.requestsPerSecond)
    return quotients(rates(MANY), rates(FEW))
  }
}

const memory = {
  part: 'memory',
  title: 'Memory of an idle connection that has had a request',
  startables: ({ own, peers }) => [own[EPOLL], own[NET], ...peers],
  // A process of its own each time: what another one has had before would count.
  startsItself: true,
  measure: async (startable, { logTo, warming }) =>
    warming ? [] : [{ errors: 0, ...(await idleMemory(startable, logTo)) }],
  label,
  columns: [{ title: 'octets per connection', digits: 0, of: (row) => row.octetsPerConnection }],
  targets: [
    {
      target: 'portico, octets',
      most: 1500,
      of: (rows) => rows.filter(({ server }) => server === EPOLL).map((row) => row.octetsPerConnection),
    },
  ],
}

export const PARTS = [plain, browser, pipelined, echo, smallFile, largeFile, accessLog, manyConnections, memory]
