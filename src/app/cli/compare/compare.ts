/** `portico compare`: runs a comparison and prints its report. */
import type { BeginLoad } from '../../../ports/tools/load.js'
import type { StartMeasuredServer } from '../../../ports/tools/measured-server.js'
import type { OpenReport } from '../../../ports/tools/report-file.js'
import type { Configuration } from '../../configuration.js'
import { CLEAR_LINE, progressLine, requestsOf } from '../load.js'
import { ComparisonRun, variantsOf, isSecure, type ComparisonPlan } from './comparison-run.js'
import type { CompareFlags } from './flags.js'
import { judge } from './gates.js'
import { comparisonJson, comparisonMarkdown, comparisonPage, comparisonText, type Comparison } from './reports.js'

/** Everything that a comparison uses. */
export interface CompareParts {
  readonly beginLoad: BeginLoad
  readonly startServer: StartMeasuredServer
  readonly openReport: OpenReport
  /** Registers a listener for the user's interrupt. */
  onInterrupt(listener: () => void): void
  /** Writes to standard output; the text includes its line ends. */
  out(text: string): void
  /** Writes to standard error; the text includes its line ends. */
  err(text: string): void
  readonly errIsTerminal: boolean
  /** Describes the machine, such as `Node 20.20.0, 2 cores`. */
  readonly machine: string
}

interface CompareOptions extends Pick<Configuration, 'settings' | 'socket'> {
  /** The arguments that all servers share. */
  readonly words: readonly string[]
  readonly flags: CompareFlags
}

/**
 * Compares the engines under the same load and prints the report.
 *
 * @returns whether all rounds were complete and all gates passed
 */
export async function compare(
  parts: CompareParts,
  { settings, socket, words, flags }: CompareOptions,
): Promise<boolean> {
  const writeReport = flags.report === undefined ? null : await parts.openReport(flags.report)
  const plan: ComparisonPlan = {
    words,
    variants: variantsOf(settings, socket),
    scheme: isSecure(settings.tls) ? 'https' : 'http',
    rounds: flags.rounds,
    warmUpMs: flags.warmUp * 1000,
    path: flags.path,
    requests: requestsOf(flags),
  }
  const results = await comparisonRun(parts, plan).run()
  if (parts.errIsTerminal) parts.err(CLEAR_LINE)
  const done = results[0]!.samples.length
  if (done < flags.rounds) parts.err(`portico: Interrupted after ${done} of ${flags.rounds} rounds\n`)
  if (done === 0) return false
  const comparison: Comparison = {
    plan,
    machine: parts.machine,
    results,
    verdicts: judge(results, flags),
  }
  parts.out(printerOf(flags)(comparison))
  await writeReport?.(comparisonPage(comparison))
  return done === flags.rounds && comparison.verdicts.every(({ passed }) => passed)
}

function comparisonRun(parts: CompareParts, plan: ComparisonPlan): ComparisonRun {
  return new ComparisonRun(
    {
      startServer: parts.startServer,
      beginLoad: parts.beginLoad,
      onInterrupt: (listener) => parts.onInterrupt(listener),
      progress: (what, options, elapsedMs, requests) => {
        if (parts.errIsTerminal) parts.err(`${progressLine(options, elapsedMs, requests)}, ${what}`)
      },
    },
    plan,
  )
}

function printerOf({ json, markdown }: CompareFlags): (comparison: Comparison) => string {
  if (json === true) return comparisonJson
  return markdown === true ? comparisonMarkdown : comparisonText
}
