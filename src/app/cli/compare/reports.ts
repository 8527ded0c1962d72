/** The reports of a comparison: text for a terminal, Markdown, JSON and an HTML page with plots. */
import { table } from '../table.js'
import type { ComparisonPlan, VariantResult } from './comparison-run.js'
import { FIGURES, isLimitedByLoad, summaryOf, type Figure } from './figures.js'
import { type Verdict, verdictText } from './gates.js'
import { escaped, pageOf, tableOf, verdictItem } from './html.js'
import { barPlot, distributionPlot, type Bar } from './plots.js'
import { range, type Summary } from './summary.js'

/** A finished comparison. */
export interface Comparison {
  readonly plan: Pick<ComparisonPlan, 'path' | 'requests' | 'rounds'>
  /** Describes the machine. */
  readonly machine: string
  readonly results: readonly VariantResult[]
  readonly verdicts: readonly Verdict[]
}

const MS_PER_SECOND = 1000

const nameOf = ({ engine, socket }: VariantResult): string => `${engine} on ${socket}`

/** Makes a table with a column per server and a row per figure, because there are more figures than servers. */
function rowsOf(results: readonly VariantResult[]): string[][] {
  const text = (found: Summary | null, digits: number): string => (found === null ? 'unknown' : range(found, digits))
  const figures: readonly Figure[] = Object.values(FIGURES)
  return [
    ['', ...results.map(nameOf)],
    ...figures.map((figure) => [
      figure.title,
      ...results.map(({ samples }) => text(summaryOf(samples, figure), figure.digits)),
    ]),
  ]
}

function conditionsText({ plan, machine, results }: Comparison): string {
  const { path, requests, rounds } = plan
  const done = results[0]!.samples.length
  const planned = rounds === 1 ? '1 round' : `${rounds} rounds`
  const complete = done === rounds ? planned : `${done} of ${planned}`
  const { method, connections, durationMs, pipelining, keepAlive } = requests
  const how = `${connections} connections${pipelining > 1 ? `, ${pipelining} requests pipelined` : ''}${keepAlive ? '' : ', one request on each'}`
  return `${method} ${path}, ${how}, ${complete} of ${durationMs / MS_PER_SECOND} s in turns; ${machine}`
}

/** Warns where the load generator limited the figures. */
function warningText({ results }: Comparison): string | null {
  const samples = results.flatMap((each) => each.samples)
  const limited = samples.filter(isLimitedByLoad).length
  if (limited === 0) return null
  return (
    `In ${limited} of ${samples.length} measurements the load generator used all of a core. It limited the requests per ` +
    'second, which therefore differ less than the servers do. Compare the CPU time per request instead.'
  )
}

const verdictLine = (verdict: Verdict): string => `${verdict.passed ? 'pass' : 'FAIL'}  ${verdictText(verdict)}`

/** Formats the report for a terminal. */
export function comparisonText(comparison: Comparison): string {
  const { results, verdicts } = comparison
  const warning = warningText(comparison)
  return [
    `${conditionsText(comparison)}; median (min-max)\n\n${table(rowsOf(results))}\n`,
    warning === null ? '' : `${warning}\n\n`,
    ...verdicts.map((each) => `${verdictLine(each)}\n`),
  ].join('')
}

/** Formats the report as Markdown. */
export function comparisonMarkdown(comparison: Comparison): string {
  const { results, verdicts } = comparison
  const [head, ...rows] = rowsOf(results)
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const warning = warningText(comparison)
  return [
    `${conditionsText(comparison)}; median (min-max).\n`,
    [line(head!), line(head!.map(() => '---')), ...rows.map(line), ''].join('\n'),
    ...(warning === null ? [] : [`${warning}\n`]),
    [...verdicts.map((each) => `- ${verdictLine(each)}`), ''].join('\n'),
  ].join('\n')
}

/** Formats the report as JSON, with every round. */
export function comparisonJson(comparison: Comparison): string {
  const { plan, machine, results, verdicts } = comparison
  const { path, requests, rounds } = plan
  const figures = (each: VariantResult): object =>
    Object.fromEntries(Object.entries(FIGURES).map(([name, figure]) => [name, summaryOf(each.samples, figure)]))
  const servers = results.map((each) => ({
    engine: each.engine,
    socket: each.socket,
    figures: figures(each),
    rounds: each.samples,
  }))
  const gates = verdicts.map(({ gate, found, wanted, passed }) => ({ gate, passed, wanted, found }))
  return `${JSON.stringify({ machine, path, ...requests, roundsWanted: rounds, servers, gates }, null, 2)}\n`
}

/** Formats the report as an HTML page with plots. */
export function comparisonPage(comparison: Comparison): string {
  const { results, verdicts } = comparison
  const warning = warningText(comparison)
  const plots = [FIGURES.requestsPerSecond, FIGURES.processor, FIGURES.memory]
  const [throughput, ...costs] = plots.map((figure) => figurePart(results, figure))
  return pageOf(
    'Portico: comparison of engines',
    `<p>${escaped(conditionsText(comparison))}. Bars show medians, lines the range from the lowest to the highest round, circles
single rounds. For time and memory, lower is better.</p>
${warning === null ? '' : `<p><b>${escaped(warning)}</b></p>`}
<ul>${verdicts.map((each) => verdictItem(each.passed, verdictText(each))).join('')}</ul>
${throughput}
<h2>Latency distribution, ms</h2>
<figure>${distributionPlot(results.map(curveOf), 'latency, ms')}<figcaption>The longest latency within each share of all requests, in the last round</figcaption></figure>
${costs.join('\n')}
<h2>All figures: median (min-max)</h2>
<figure>${tableOf(rowsOf(results))}</figure>`,
  )
}

function figurePart(results: readonly VariantResult[], figure: Figure): string {
  const bars = results.flatMap((each): Bar[] => {
    const value = summaryOf(each.samples, figure)
    const label = nameOf(each)
    return value === null ? [] : [{ label, isOwn: each.engine === 'selectors', value, digits: figure.digits }]
  })
  const drawn =
    bars.length === 0 ? '<p>Not available on this system.</p>' : `<figure>${barPlot(bars, figure.title)}</figure>`
  return `<h2>${escaped(figure.title)}</h2>\n${drawn}`
}

const curveOf = (each: VariantResult): { label: string; points: readonly (readonly [number, number])[] } => ({
  label: nameOf(each),
  points: each.samples.at(-1)!.report.quantilesMs.filter(([share]) => share < 1),
})
