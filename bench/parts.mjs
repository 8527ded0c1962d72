/**
 * Measures parts. Each part is a separate comparison with its servers, load, columns and targets.
 *
 * A part has `part`, `title`, `startables(context)`, `measure(server, context)`, `label`, `columns`, `targets` and,
 * where it also measures the machine itself, `measureMachine(context)`. A part with `startsItself` gets its startables
 * instead of running servers.
 */
import { asText, summarize } from './parts-report.mjs'
import { keep, refuseErrors, say } from './session.mjs'
import { rotated, withServers } from './turns.mjs'

/** The warm-up, in which the JIT compiles the servers' code. Its context has the flag `warming`. */
const WARM_SECONDS = 2

/** Makes the option `--only PART,...` of a program. */
export function onlyOption(parts) {
  return { only: { type: 'string', default: parts.map(({ part }) => part).join() } }
}

/**
 * Measures the selected parts, prints medians and ranges, and keeps every round.
 *
 * @param options the options of the program, with `only`
 * @param context further values for the parts
 * @param conditions facts for the readers of the results
 */
export async function measureParts(parts, options, context, conditions) {
  const wanted = options.only.split(',').map((name) => partNamed(parts, name))
  say(JSON.stringify(conditions, null, 2))
  const raw = {}
  for (const part of wanted) raw[part.part] = await measure(part, options, { ...options, ...context })
  const summaries = wanted.map((part) => summarize(part, raw[part.part]))
  const file = keep(options, { conditions, summary: summaries, raw })
  process.stdout.write(`${heading(conditions)}\n\n${summaries.map(asText).join('\n')}\nEvery round: ${file}\n`)
  refuseErrors(summaries.reduce((sum, { errors }) => sum + errors, 0))
}

function partNamed(parts, name) {
  const found = parts.find(({ part }) => part === name)
  if (found === undefined) {
    throw new Error(`Cannot measure "${name}": wanted one or more of ${parts.map(({ part }) => part).join()}`)
  }
  return found
}

/** Measures the servers in turns. Each round begins with another server. */
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
  const pinning = pinned ? '' : ', processes not pinned to cores'
  return `Load by ${load}, Node ${node}, ${cores} cores of ${processor}${pinning}`
}
