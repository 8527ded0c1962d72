/**
 * Measures parts: each is a comparison of its own, with its servers, its load, its columns and its targets.
 *
 * A part has `part`, `title`, `startables(context)`, `measure(server, context)`, `label`, `columns`, `targets`, and where
 * the machine itself is measured `measureMachine(context)`. One that `startsItself` is given what is to be started instead
 * of servers.
 */
import { asText, summarize } from './parts-report.mjs'
import { keep, say, vouch } from './session.mjs'
import { rotated, withServers } from './turns.mjs'

/** For servers to compile what they run; the parts are told that they are `warming`. */
const WARM_SECONDS = 2

/** The option `--only PART,...` of a program that has these parts. */
export function onlyOption(parts) {
  return { only: { type: 'string', default: parts.map(({ part }) => part).join() } }
}

/**
 * Measures those parts that were asked for, prints medians and ranges, and keeps every round.
 *
 * @param options as asked for, with `only`
 * @param context what the parts need to know; beside the options
 * @param conditions what readers need to know
 */
export async function measureParts(parts, options, context, conditions) {
  const wanted = options.only.split(',').map((name) => partNamed(parts, name))
  say(JSON.stringify(conditions, null, 2))
  const raw = {}
  for (const part of wanted) raw[part.part] = await measure(part, options, { ...options, ...context })
  const summaries = wanted.map((part) => summarize(part, raw[part.part]))
  const file = keep(options, { conditions, summary: summaries, raw })
  process.stdout.write(`${heading(conditions)}\n\n${summaries.map(asText).join('\n')}\nEvery round: ${file}\n`)
  vouch(summaries.reduce((sum, { errors }) => sum + errors, 0))
}

function partNamed(parts, name) {
  const found = parts.find(({ part }) => part === name)
  if (found === undefined) {
    throw new Error(`Cannot measure "${name}": wanted some of ${parts.map(({ part }) => part).join()}`)
  }
  return found
}

/** Each server in turn, another one first in each round. */
function measure(part, { rounds, logTo }, context) {
  const startables = part.startables(context)
  const using = part.startsItself ? (use) => use(startables) : (use) => withServers(startables, logTo, use)
  return using(async (servers) => {
    for (const server of servers) await part.measure(server, { ...context, seconds: WARM_SECONDS, warming: true })
    const rows = []
    for (let round = 1; round <= rounds; round++) {
      say(`${part.part}, round ${round} of ${rounds}`)
      for (const server of rotated(servers, round - 1)) {
        const found = await part.measure(server, context)
        rows.push(...found.map((row) => ({ round, server: server.name, ...row })))
      }
      if (part.measureMachine) rows.push(...(await part.measureMachine(context)).map((row) => ({ round, ...row })))
    }
    return rows
  })
}

function heading({ load, node, processor, cores, pinned }) {
  const pinning = pinned ? '' : ', nothing pinned'
  return `Load by ${load}, Node ${node}, ${cores} cores of ${processor}${pinning}`
}
