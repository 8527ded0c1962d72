/** What the engines are held to. */
import type { SocketKind } from '../../../ports/sockets.js'
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
  const [selectors, threadpool] = ['selectors', 'threadpool'].map(
    (engine) => standings.find((each) => each.socket === socket && each.engine === engine)!.samples,
  )
  const { errors, p95, requestsPerSecond } = FIGURES
  const [found, slow] = [summaryOf(selectors!, errors)!, summaryOf(selectors!, p95)!]
  const rate = (samples: readonly Sample[]): readonly number[] => samples.map((each) => requestsPerSecond.of(each))
  const ratio = ratioOf(rate(selectors!), rate(threadpool!))
  const gate = (what: string): string => `selectors on ${socket}, ${what}`
  return [
    {
      gate: gate(`${errors.title}, in the worst round`),
      ...{ found, digits: errors.digits, wanted: { most: bounds.maxErrors } },
      passed: found.max <= bounds.maxErrors,
    },
    {
      gate: gate(p95.title),
      ...{ found: slow, digits: p95.digits, wanted: { most: bounds.maxP95 } },
      passed: slow.median <= bounds.maxP95,
    },
    {
      gate: gate('requests per second, of those of threadpool'),
      ...{ found: ratio, digits: 2, wanted: { least: bounds.minRatio } },
      passed: ratio !== null && ratio.median >= bounds.minRatio,
    },
  ]
}

/** Of two figures in each round; `null` where it is of nothing. */
function ratioOf(above: readonly number[], below: readonly number[]): Summary | null {
  return below.includes(0) ? null : summary(above.map((value, round) => value / below[round]!))
}

export function verdictText({ gate, found, digits, wanted }: Verdict): string {
  const bound = 'least' in wanted ? `at least ${wanted.least}` : `at most ${wanted.most}`
  return `${gate}: ${found === null ? 'unknown' : range(found, digits)}, wanted ${bound}`
}
