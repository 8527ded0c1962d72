/** The gates of a comparison: limits that the engines must keep. */
import type { SocketKind } from '../../../ports/serving/sockets.js'
import type { VariantResult } from './comparison-run.js'
import { FIGURES, summaryOf, type Sample } from './figures.js'
import { range, summary, type Summary } from './summary.js'

/** The limits, as the flags give them. */
export interface Gates {
  /** Percent of errors in the worst round. */
  readonly maxErrors: number
  /** The median of all rounds, in milliseconds. */
  readonly maxP95: number
  /** Requests per second of selectors divided by those of threadpool in the same round; the median of all rounds. */
  readonly minRatio: number
}

/** The result of one gate. */
export interface Verdict {
  /** Names the server and the figure, such as `selectors on epoll, p95, ms`. */
  readonly gate: string
  /** `null` where the figure is unknown. */
  readonly found: Summary | null
  readonly digits: number
  readonly wanted: { readonly least: number } | { readonly most: number }
  readonly passed: boolean
}

/** Checks all gates on every kind of sockets that was compared. */
export function judge(results: readonly VariantResult[], gates: Gates): Verdict[] {
  const sockets = [...new Set(results.map(({ socket }) => socket))]
  return sockets.flatMap((socket) => judgeOn(socket, results, gates))
}

function judgeOn(socket: SocketKind, results: readonly VariantResult[], gates: Gates): Verdict[] {
  const samplesOf = (engine: VariantResult['engine']): readonly Sample[] =>
    results.find((each) => each.socket === socket && each.engine === engine)!.samples
  const [selectors, threadpool] = [samplesOf('selectors'), samplesOf('threadpool')]
  const { errors, p95, requestsPerSecond } = FIGURES
  const [wrong, slow] = [summaryOf(selectors, errors)!, summaryOf(selectors, p95)!]
  const ratio = ratioOf(selectors.map(requestsPerSecond.of), threadpool.map(requestsPerSecond.of))
  const name = `selectors on ${socket}`
  return [
    verdict(`${name}, ${errors.title}, in the worst round`, wrong, errors.digits, { most: gates.maxErrors }, wrong.max),
    verdict(`${name}, ${p95.title}`, slow, p95.digits, { most: gates.maxP95 }, slow.median),
    verdict(
      `${name}, ${requestsPerSecond.title}, ratio to threadpool`,
      ratio,
      2,
      { least: gates.minRatio },
      ratio?.median,
    ),
  ]
}

/** @param judged the value to compare with the limit; `NaN` fails every gate */
function verdict(
  gate: string,
  found: Summary | null,
  digits: number,
  wanted: Verdict['wanted'],
  judged = Number.NaN,
): Verdict {
  const passed = 'least' in wanted ? judged >= wanted.least : judged <= wanted.most
  return { gate, found, digits, wanted, passed }
}

/** Divides two figures round by round. Returns `null` where a divisor is 0. */
function ratioOf(above: readonly number[], below: readonly number[]): Summary | null {
  return below.includes(0) ? null : summary(above.map((value, round) => value / below[round]!))
}

/** Formats a verdict as one line, without whether it passed. */
export function verdictText({ gate, found, digits, wanted }: Verdict): string {
  const limit = 'least' in wanted ? `at least ${wanted.least}` : `at most ${wanted.most}`
  return `${gate}: ${found === null ? 'unknown' : range(found, digits)}, wanted ${limit}`
}
