/**
 * `npm run bench:peers -- [--rounds N] [--seconds N] [--memory-rounds N] [--load wrk|autocannon]
 * [--log-to FILE] [--save-as NAME] [-- PORTICO FLAGS]`:
 *
 * Portico against node:http in one run and in turns, on processor time per request, requests per second, and memory per
 * idle connection. Prints medians and ranges, and keeps every round in bench/results/.
 */
import { idleMemory } from './idle-memory.mjs'
import { alike, probe } from './probe.mjs'
import { asText, summarize } from './report.mjs'
import { requestRound, warm } from './requests.mjs'
import { nodeHttp, portico } from './server.mjs'
import { asked, conditionsOf, keep, say, vouch } from './session.mjs'
import { withServers } from './turns.mjs'

const options = asked({ 'memory-rounds': { type: 'string', default: '3' } })
const { load, logTo, rounds, seconds, flags } = options

const reply = await replyOfPortico()
const conditions = {
  ...conditionsOf(options),
  response: reply.fields.map(([name, value]) => `${name}: ${value}`),
}
say(JSON.stringify(conditions, null, 2))

const raw = { requests: await measureRequests(), memory: await measureMemory() }
const result = summarize(raw)
const file = keep(options, { conditions, summary: result, raw })
process.stdout.write(`${heading(conditions)}\n\n${asText(result)}\nEvery round: ${file}\n`)
vouch(result.requests.reduce((sum, { errors }) => sum + errors, 0))

function replyOfPortico() {
  return withServers([portico({ accessLog: false, flags })], logTo, ([server]) => probe(server.url))
}

function measureRequests() {
  const startables = [nodeHttp(reply), portico({ accessLog: false, flags }), portico({ accessLog: true, flags })]
  return withServers(startables, logTo, async (servers) => {
    await Promise.all(servers.map(answersAlike))
    await warm(load, servers)
    const rows = []
    for (let round = 1; round <= rounds; round++) {
      say(`round ${round} of ${rounds}`)
      rows.push(...(await requestRound(load, servers, round, seconds)))
    }
    return rows
  })
}

async function answersAlike(server) {
  const found = await probe(server.url)
  if (alike(found, reply)) return
  throw new Error(
    `Cannot compare ${server.name}: found ${JSON.stringify(found)}, wanted the like of ${JSON.stringify(reply)}`,
  )
}

async function measureMemory() {
  const memoryRounds = Number(options['memory-rounds'])
  const rows = []
  for (let round = 1; round <= memoryRounds; round++) {
    say(`idle connections, round ${round} of ${memoryRounds}`)
    for (const startable of [nodeHttp(reply), portico({ accessLog: false, flags })]) {
      rows.push({ round, ...(await idleMemory(startable, logTo)) })
    }
  }
  return rows
}

function heading({ load, pinned, accessLogTo, node, processor }) {
  const cores = pinned ? 'server and load on a core each' : 'server and load share the cores'
  return `Load by ${load}, ${cores}, access log to ${accessLogTo}, Node ${node}, ${processor}`
}
