/** What the engines are held to. */
import type { SocketKind } from '../../../ports/serving/sockets.js'
import type { Standing } from './contest.js'
import { FIGURES, summaryOf, type Sample } from './figures.js'
import { range, summary, type Summary } from './summary.js'

export interface Bounds {
  /** Percent, in the worst round. */
  readonly maxErrors: number
  /** Milliseconds, the median of all rounds. */
  readonly maxP95: number
  /** Requests per second of selectors, of those of threadpool in the same round; the median of all rounds. */
  readonly minRatio: number
}

export interface Verdict {
  /** What was held to it, such as `selectors on epoll, p95, ms`. */
  readonly gate: string
  /** `null` where there was nothing to judge. */
  readonly found: Summary | null
  readonly digits: number
  readonly wanted: { readonly least: number } | { readonly most: number }
  readonly passed: boolean
}

/** All that hold on the sockets that were compared. */
export function judge(standings: readonly Standing[], bounds: Bounds): Verdict[] {
  const sockets = [...new Set(standings.map(({ socket }) => socket))]
  return sockets.flatMap((socket) => judgeOn(socket, standings, bounds))
}

function judgeOn(socket: SocketKind, standings: readonly Standing[], bounds: Bounds): Verdict[] {
  const samplesOf = (engine: Standing['engine']): readonly Sample[] =>
    standings.find((each) => each.socket === socket && each.engine === engine)!.samples
  const [selectors, threadpool] = [samplesOf('selectors'), samplesOf('threadpool')]
  const { errors, p95, requestsPerSecond } = FIGURES
  const [wrong, slow] = [summaryOf(selectors, errors)!, summaryOf(selectors, p95)!]
  const ratio = ratioOf(selectors.map(requestsPerSecond.of), threadpool.map(requestsPerSecond.of))
  const name = `selectors on ${socket}`
  return [
    verdict(
      `${name}, ${errors.title}, in the worst round`,
      wrong,
      errors.digits,
      { most: bounds.maxErrors },
      wrong.max,
    ),
    verdict(`${name}, ${p95.title}`, slow, p95.digits, { most: bounds.maxP95 }, slow.median),
    verdict(
      `${name}, ${requestsPerSecond.title}, of those of threadpool`,
      ratio,
      2,
      { least: bounds.minRatio },
      ratio?.median,
    ),
  ]
}

/** @param judged that of what was found which has to keep to what is wanted */
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

/** Of two figures in each round; `null` where it is of nothing. */
function ratioOf(above: readonly number[], below: readonly number[]): Summary | null {
  return below.includes(0) ? null : summary(above.map((value, round) => value / below[round]!))
}

export function verdictText({ gate, found, digits, wanted }: Verdict): string {
  const bound = 'least' in wanted ? `at least ${wanted.least}` : `at most ${wanted.most}`
  return `${gate}: ${found === null ? 'unknown' : range(found, digits)}, wanted ${bound}`
}
