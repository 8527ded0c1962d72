/**
 * `npm run bench -- [--rounds N] [--seconds N] [--memory-rounds N] [--load wrk|autocannon]
 * [--log-to FILE] [--save-as NAME] [-- PORTICO FLAGS]`:
 *
 * Portico against node:http in one run and in turns, on processor time per request, requests per second, and memory per
 * idle connection. Prints medians and ranges, and keeps every round in bench/results/.
 */
import { writeFileSync } from 'node:fs'
import { cpus, release } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { idleMemory } from './idle-memory.mjs'
import { autocannon } from './load/autocannon.mjs'
import { wrk } from './load/wrk.mjs'
import { CAN_PIN } from './pinned.mjs'
import { alike, probe } from './probe.mjs'
import { asText, summarize } from './report.mjs'
import { requestRound, warm } from './requests.mjs'
import { nodeHttp, portico, Server } from './server.mjs'

const { values: options, positionals: flags } = parseArgs({
  allowPositionals: true,
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
    'memory-rounds': { type: 'string', default: '3' },
    load: { type: 'string', default: wrk.isAvailable() ? 'wrk' : 'autocannon' },
    'log-to': { type: 'string', default: '/dev/null' },
    'save-as': { type: 'string', default: new Date().toISOString().replaceAll(':', '-') },
  },
})
const logTo = options['log-to']
const load = options.load === 'wrk' ? wrk : autocannon

const reply = await replyOfPortico()
const conditions = {
  load: load.name,
  pinned: CAN_PIN,
  accessLogTo: logTo,
  node: process.version,
  linux: release().split('-')[0],
  processor: cpus()[0].model,
  porticoFlags: flags,
  response: reply.fields.map(([name, value]) => `${name}: ${value}`),
}
say(JSON.stringify(conditions, null, 2))

const raw = { requests: await measureRequests(), memory: await measureMemory() }
const result = summarize(raw)
const file = join(import.meta.dirname, 'results', `${options['save-as']}.json`)
writeFileSync(file, JSON.stringify({ conditions, summary: result, raw }, null, 1) + '\n')
process.stdout.write(`${heading(conditions)}\n\n${asText(result)}\nEvery round: ${file}\n`)
if (result.requests.some((it) => it.errors > 0)) {
  say('Cannot vouch for these figures: found errors under load, wanted none')
  process.exitCode = 1
}

async function replyOfPortico() {
  const server = await Server.start(portico({ accessLog: false, flags }), logTo)
  try {
    return await probe(server.url)
  } finally {
    await server.stop()
  }
}

async function measureRequests() {
  const startables = [nodeHttp(reply), portico({ accessLog: false, flags }), portico({ accessLog: true, flags })]
  const servers = await Promise.all(startables.map((it) => Server.start(it, logTo)))
  try {
    await Promise.all(servers.map(answersAlike))
    await warm(load, servers)
    const rows = []
    for (let round = 1; round <= Number(options.rounds); round++) {
      say(`round ${round} of ${options.rounds}`)
      rows.push(...(await requestRound(load, servers, round, Number(options.seconds))))
    }
    return rows
  } finally {
    await Promise.all(servers.map((server) => server.stop()))
  }
}

async function answersAlike(server) {
  const found = await probe(server.url)
  if (alike(found, reply)) return
  throw new Error(
    `Cannot compare ${server.name}: found ${JSON.stringify(found)}, wanted the like of ${JSON.stringify(reply)}`,
  )
}

async function measureMemory() {
  const rows = []
  for (let round = 1; round <= Number(options['memory-rounds']); round++) {
    say(`idle connections, round ${round} of ${options['memory-rounds']}`)
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

function say(text) {
  process.stderr.write(`${text}\n`)
}
