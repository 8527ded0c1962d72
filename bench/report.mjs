/** From raw rounds to medians, ratios and verdicts. */
import { SCENARIOS } from './requests.mjs'
import { LOG_OFF, LOG_ON, NODE_HTTP } from './server.mjs'
import { quotients, summary } from './statistics.mjs'
import { range } from './text.mjs'

/** Each ratio is of figures of one round, and at most its bound; one without a bound is told, and not judged. */
const TARGETS = [
  { target: 'plain, of node:http', bound: 0.65, ratios: (raw) => costRatios(raw, 'plain', LOG_OFF, NODE_HTTP) },
  {
    target: 'pipelined 16, of node:http',
    bound: 0.12,
    ratios: (raw) => costRatios(raw, 'pipelined 16', LOG_OFF, NODE_HTTP),
  },
  {
    target: 'plain with access log, of without',
    bound: 1.25,
    ratios: (raw) => costRatios(raw, 'plain', LOG_ON, LOG_OFF),
  },
  {
    target: "for comparison: a browser's head, of node:http",
    ratios: (raw) => costRatios(raw, "a browser's head", LOG_OFF, NODE_HTTP),
  },
  { target: 'idle connection, of node:http', bound: 0.5, ratios: memoryRatios },
]

/**
 * @param raw `requests` and `memory` rows as measured
 * @returns what a reader wants to know first
 */
export function summarize(raw) {
  const servers = [NODE_HTTP, LOG_OFF, LOG_ON]
  return {
    requests: SCENARIOS.flatMap(({ scenario }) => servers.map((server) => requestSummary(raw, scenario, server))),
    memory: [NODE_HTTP, LOG_OFF].map((server) => memorySummary(raw, server)).filter((it) => it !== null),
    targets: TARGETS.map((target) => verdict(raw, target)).filter((it) => it !== null),
  }
}

function requestSummary(raw, scenario, server) {
  const rows = raw.requests.filter((row) => row.scenario === scenario && row.server === server)
  return {
    scenario,
    server,
    processorUsPerRequest: summary(rows.map((row) => row.processorUsPerRequest)),
    requestsPerSecond: summary(rows.map((row) => row.requestsPerSecond)),
    ofNodeHttp: summary(costRatios(raw, scenario, server, NODE_HTTP)),
    errors: rows.reduce((sum, row) => sum + row.errors, 0),
  }
}

function memorySummary(raw, server) {
  const rows = raw.memory.filter((row) => row.server === server)
  return rows.length === 0 ? null : { server, octetsPerConnection: summary(rows.map((row) => row.octetsPerConnection)) }
}

function verdict(raw, { target, bound, ratios }) {
  const found = ratios(raw)
  if (found.length === 0) return null
  const ratio = summary(found)
  return bound === undefined ? { target, ratio } : { target, bound, ratio, passed: ratio.median <= bound }
}

function costRatios({ requests }, scenario, server, against) {
  const costs = (name) =>
    requests.filter((row) => row.scenario === scenario && row.server === name).map((row) => row.processorUsPerRequest)
  return quotients(costs(server), costs(against))
}

function memoryRatios({ memory }) {
  const costs = (name) => memory.filter((row) => row.server === name).map((row) => row.octetsPerConnection)
  return quotients(costs(LOG_OFF), costs(NODE_HTTP))
}

/** The summary as text. */
export function asText({ requests, memory, targets }) {
  const lines = [
    row('', '', 'µs of processor per request', 'requests per second', "of node:http's cost"),
    ...requests.map((it) =>
      row(
        it.scenario,
        it.server,
        range(it.processorUsPerRequest, 2),
        range(it.requestsPerSecond, 0),
        range(it.ofNodeHttp, 2),
      ),
    ),
    '',
    ...memory.map((it) => row('idle connection', it.server, `${range(it.octetsPerConnection, 0)} octets`, '', '')),
    '',
    ...targets.map((it) =>
      it.bound === undefined
        ? row('', it.target, range(it.ratio, 2), '', '')
        : row(it.passed ? 'reached' : 'MISSED', it.target, range(it.ratio, 2), `at most ${it.bound}`, ''),
    ),
  ]
  return lines.map((line) => line.trimEnd()).join('\n') + '\n'
}

function row(a, b, c, d, e) {
  return `${a.padEnd(18)}${b.padEnd(48)}${c.padEnd(32)}${d.padEnd(32)}${e}`
}
