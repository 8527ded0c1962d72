/** `portico compare`: what it does. */
import type { BeginLoad } from '../../../ports/tools/load.js'
import type { StartMeasuredServer } from '../../../ports/tools/measured-server.js'
import type { OpenReport } from '../../../ports/tools/report-file.js'
import type { Configuration } from '../../configuration.js'
import { CLEAR_LINE, progressLine, requestsOf } from '../load.js'
import { Contest, contestantsOf, isSecure, type Plan } from './contest.js'
import type { CompareFlags } from './flags.js'
import { judge } from './gates.js'
import { comparisonJson, comparisonMarkdown, comparisonPage, comparisonText, type Comparison } from './reports.js'

/** What comparing puts to work. */
export interface CompareParts {
  readonly beginLoad: BeginLoad
  readonly startServer: StartMeasuredServer
  readonly openReport: OpenReport
  /** Calls back when the user wants what is under way to end. */
  onInterrupt(told: () => void): void
  /** Standard output; line ends are part of the text. */
  out(text: string): void
  /** Standard error, likewise. */
  err(text: string): void
  /** Whether a person reads standard error. */
  readonly errIsTerminal: boolean
  /** What it runs on, such as `Node 20.20.0, 2 cores`. */
  readonly machine: string
}

interface Order extends Pick<Configuration, 'settings' | 'socket'> {
  /** The command line of the server. */
  readonly words: readonly string[]
  readonly flags: CompareFlags
}

/** @returns whether it came to its end, and all that it was held to was reached */
export async function compare(parts: CompareParts, { settings, socket, words, flags }: Order): Promise<boolean> {
  const writeReport = flags.report === undefined ? null : await parts.openReport(flags.report)
  const plan: Plan = {
    words,
    contestants: contestantsOf(settings, socket),
    scheme: isSecure(settings.tls) ? 'https' : 'http',
    rounds: flags.rounds,
    path: flags.path,
    requests: requestsOf(flags),
  }
  const standings = await contestOf(parts, plan).run()
  if (parts.errIsTerminal) parts.err(CLEAR_LINE)
  const done = standings[0]!.samples.length
  if (done < flags.rounds) parts.err(`portico: Ended after ${done} of ${flags.rounds} rounds\n`)
  if (done === 0) return false
  const comparison: Comparison = {
    plan,
    machine: parts.machine,
    standings,
    verdicts: judge(standings, flags),
  }
  parts.out(printerOf(flags)(comparison))
  await writeReport?.(comparisonPage(comparison))
  return done === flags.rounds && comparison.verdicts.every(({ passed }) => passed)
}

function contestOf(parts: CompareParts, plan: Plan): Contest {
  return new Contest(
    {
      startServer: parts.startServer,
      beginLoad: parts.beginLoad,
      onInterrupt: (told) => parts.onInterrupt(told),
      progress: (what, order, elapsedMs, requests) => {
        if (parts.errIsTerminal) parts.err(`${progressLine(order, elapsedMs, requests)}, ${what}`)
      },
    },
    plan,
  )
}

function printerOf({ json, markdown }: CompareFlags): (comparison: Comparison) => string {
  if (json === true) return comparisonJson
  return markdown === true ? comparisonMarkdown : comparisonText
}
