/** What came of a comparison: for people, for pages of text, for programs and as a page with plots. */
import { table } from '../table.js'
import type { Plan, Standing } from './contest.js'
import { FIGURES, isBoundByLoad, summaryOf, type Figure } from './figures.js'
import { type Verdict, verdictText } from './gates.js'
import { escaped, pageOf, tableOf, verdictItem } from './html.js'
import { barPlot, distributionPlot, type Bar } from './plots.js'
import { range, type Summary } from './summary.js'

export interface Comparison {
  readonly plan: Pick<Plan, 'path' | 'requests' | 'rounds'>
  /** What it ran on. */
  readonly machine: string
  readonly standings: readonly Standing[]
  readonly verdicts: readonly Verdict[]
}

const MS_PER_SECOND = 1000

const nameOf = ({ engine, socket }: Standing): string => `${engine} on ${socket}`

/** A server a column, a figure a line: figures are many, servers few. */
function rowsOf(standings: readonly Standing[]): string[][] {
  const text = (found: Summary | null, digits: number): string => (found === null ? 'unknown' : range(found, digits))
  const figures: readonly Figure[] = Object.values(FIGURES)
  return [
    ['', ...standings.map(nameOf)],
    ...figures.map((figure) => [
      figure.title,
      ...standings.map(({ samples }) => text(summaryOf(samples, figure), figure.digits)),
    ]),
  ]
}

function conditionsText({ plan, machine, standings }: Comparison): string {
  const { path, requests, rounds } = plan
  const done = standings[0]!.samples.length
  const wanted = rounds === 1 ? '1 round' : `${rounds} rounds`
  const many = done === rounds ? wanted : `${done} of ${wanted}`
  const { method, connections, durationMs, pipelining, keepAlive } = requests
  const how = `${connections} connections${pipelining > 1 ? `, pipelined by ${pipelining}` : ''}${keepAlive ? '' : ', each for one request'}`
  return `${method} ${path}, ${how}, ${many} of ${durationMs / MS_PER_SECOND} s in turns; ${machine}`
}

/** What to know before figures are believed. */
function warningText({ standings }: Comparison): string | null {
  const samples = standings.flatMap((each) => each.samples)
  const bound = samples.filter(isBoundByLoad).length
  if (bound === 0) return null
  return (
    `In ${bound} of ${samples.length} measurements the load took all of a core: requests per second were bounded by it, and ` +
    'differ less than the servers do. Compare the processor time.'
  )
}

const verdictLine = (verdict: Verdict): string => `${verdict.passed ? 'pass' : 'FAIL'}  ${verdictText(verdict)}`

export function comparisonText(comparison: Comparison): string {
  const { standings, verdicts } = comparison
  const warning = warningText(comparison)
  return [
    `${conditionsText(comparison)}; medians (least-greatest)\n\n${table(rowsOf(standings))}\n`,
    warning === null ? '' : `${warning}\n\n`,
    ...verdicts.map((each) => `${verdictLine(each)}\n`),
  ].join('')
}

export function comparisonMarkdown(comparison: Comparison): string {
  const { standings, verdicts } = comparison
  const [head, ...rows] = rowsOf(standings)
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const warning = warningText(comparison)
  return [
    `${conditionsText(comparison)}; medians (least-greatest).\n`,
    [line(head!), line(head!.map(() => '---')), ...rows.map(line), ''].join('\n'),
    ...(warning === null ? [] : [`${warning}\n`]),
    [...verdicts.map((each) => `- ${verdictLine(each)}`), ''].join('\n'),
  ].join('\n')
}

/** With every round. */
export function comparisonJson(comparison: Comparison): string {
  const { plan, machine, standings, verdicts } = comparison
  const { path, requests, rounds } = plan
  const figures = (each: Standing): object =>
    Object.fromEntries(Object.entries(FIGURES).map(([name, figure]) => [name, summaryOf(each.samples, figure)]))
  const servers = standings.map((each) => ({
    engine: each.engine,
    socket: each.socket,
    figures: figures(each),
    rounds: each.samples,
  }))
  const gates = verdicts.map(({ gate, found, wanted, passed }) => ({ gate, passed, wanted, found }))
  return `${JSON.stringify({ machine, path, ...requests, roundsWanted: rounds, servers, gates }, null, 2)}\n`
}

export function comparisonPage(comparison: Comparison): string {
  const { standings, verdicts } = comparison
  const warning = warningText(comparison)
  const plots = [FIGURES.requestsPerSecond, FIGURES.processor, FIGURES.memory]
  const [throughput, ...costs] = plots.map((figure) => figurePart(standings, figure))
  return pageOf(
    'The engines of Portico, compared',
    `<p>${escaped(conditionsText(comparison))}. Bars are medians, lines reach from the least to the greatest round, circles are
rounds. Less is better where time or memory is shown.</p>
${warning === null ? '' : `<p><b>${escaped(warning)}</b></p>`}
<ul>${verdicts.map((each) => verdictItem(each.passed, verdictText(each))).join('')}</ul>
${throughput}
<h2>Latency distribution, ms</h2>
<figure>${distributionPlot(standings.map(curveOf), 'latency, ms')}<figcaption>How long that share of all requests took at most, in the last round</figcaption></figure>
${costs.join('\n')}
<h2>All figures: median (least-greatest)</h2>
<figure>${tableOf(rowsOf(standings))}</figure>`,
  )
}

function figurePart(standings: readonly Standing[], figure: Figure): string {
  const bars = standings.flatMap((each): Bar[] => {
    const value = summaryOf(each.samples, figure)
    const label = nameOf(each)
    return value === null ? [] : [{ label, isOwn: each.engine === 'selectors', value, digits: figure.digits }]
  })
  const drawn =
    bars.length === 0 ? '<p>This system does not tell.</p>' : `<figure>${barPlot(bars, figure.title)}</figure>`
  return `<h2>${escaped(figure.title)}</h2>\n${drawn}`
}

const curveOf = (each: Standing): { label: string; points: readonly (readonly [number, number])[] } => ({
  label: nameOf(each),
  points: each.samples.at(-1)!.report.quantilesMs.filter(([share]) => share < 1),
})
