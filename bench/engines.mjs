/**
 * `npm run bench:engines -- [--only PART,...] [--rounds N] [--seconds N] [--load wrk|autocannon] [--log-to FILE]
 * [--save-as NAME] [-- PORTICO FLAGS]`:
 *
 * Portico's engines against each other, in one run and in turns: a trivial handler, a heavy one, a light one beside a
 * heavy one, overload, and one worker process against two. Prints medians and ranges, and keeps every round in
 * bench/results/.
 */
import { turnsFor } from './compute.mjs'
import { beside } from './engines/beside.mjs'
import { heavy, HEAVY_MS } from './engines/heavy.mjs'
import { overload } from './engines/overload.mjs'
import { asText, summarize } from './engines/report.mjs'
import { trivial } from './engines/trivial.mjs'
import { workers } from './engines/workers.mjs'
import { CAN_GO_FIRST } from './load/clients.mjs'
import { CAN_PIN } from './pinned.mjs'
import { asked, conditionsOf, keep, say, vouch } from './session.mjs'
import { rotated, withServers } from './turns.mjs'

const PARTS = [trivial, heavy, beside, overload, workers]
const WARM_SECONDS = 1

const options = asked({ only: { type: 'string', default: PARTS.map(({ part }) => part).join() } })
const parts = options.only.split(',').map(partNamed)
const context = { ...options, turns: turnsFor(HEAVY_MS) }
const conditions = {
  ...conditionsOf(options),
  canPin: CAN_PIN,
  clientsGoFirst: CAN_GO_FIRST,
  turnsOfHeavyRoute: context.turns,
}
say(JSON.stringify(conditions, null, 2))

const raw = {}
for (const part of parts) raw[part.part] = await measure(part)
const summaries = parts.map((part) => summarize(part, raw[part.part]))
const file = keep(options, { conditions, summary: summaries, raw })
process.stdout.write(`${heading(conditions)}\n\n${summaries.map(asText).join('\n')}\nEvery round: ${file}\n`)
vouch(summaries.reduce((sum, { errors }) => sum + errors, 0))

function partNamed(name) {
  const found = PARTS.find(({ part }) => part === name)
  if (found === undefined) {
    throw new Error(`Cannot measure "${name}": wanted some of ${PARTS.map(({ part }) => part).join()}`)
  }
  return found
}

/** Each server in turn, another one first in each round. */
function measure(part) {
  return withServers(part.startables(context), options.logTo, async (servers) => {
    for (const server of servers) await part.measure(server, { ...context, seconds: WARM_SECONDS })
    const rows = []
    for (let round = 1; round <= options.rounds; round++) {
      say(`${part.part}, round ${round} of ${options.rounds}`)
      for (const server of rotated(servers, round - 1)) {
        const found = await part.measure(server, context)
        rows.push(...found.map((row) => ({ round, server: server.name, ...row })))
      }
      if (part.measureMachine) rows.push(...(await part.measureMachine(context)).map((row) => ({ round, ...row })))
    }
    return rows
  })
}

function heading({ load, node, processor, cores, canPin }) {
  const pinning = canPin ? '' : ', nothing pinned'
  return `Load by ${load} and clients of our own, Node ${node}, ${cores} cores of ${processor}${pinning}`
}
