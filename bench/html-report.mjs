/**
 * `node bench/html-report.mjs NAME FILE`: makes an HTML page, without external resources, from the results of
 * `npm run bench -- --save-as NAME`. Each part has a plot with every round, a table and its targets.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { escaped, pageOf, tableOf, verdictItem } from '../dist/src/app/cli/compare/html.js'
import { barPlot } from '../dist/src/app/cli/compare/plots.js'
import { range } from './text.mjs'

const PROGRAMS = {
  peers: 'Portico and other servers',
  engines: 'The engines of Portico',
  tls: 'HTTPS',
  domain: 'The domain without sockets',
}

const [name, file] = process.argv.slice(2)
const found = Object.entries(PROGRAMS).flatMap(([program, title]) => {
  const kept = join(import.meta.dirname, 'results', `${program}-${name}.json`)
  return existsSync(kept) ? [{ title, ...JSON.parse(readFileSync(kept, 'utf8')) }] : []
})
if (found.length === 0) throw new Error(`Cannot report on "${name}": found no results with that name in bench/results`)
writeFileSync(file, pageOf('Portico: benchmarks', contentOf(found)))

function contentOf(programs) {
  return `<p>All figures are from one run in which the servers take turns. Server and load generator have one core each, except
where a title says otherwise. Bars show medians, lines the range from the lowest to the highest round, circles single rounds.
For time and memory, lower is better. Made by <code>npm run bench</code>.</p>
${programs.map(sectionOf).join('\n')}`
}

function sectionOf({ title, conditions, summary }) {
  const { load, node, processor, cores, linux, rounds, seconds, pinned } = conditions
  const facts = `${rounds} rounds of ${seconds} s, load by ${load}, Node ${node}, Linux ${linux}, ${cores} cores of ${processor}${pinned ? '' : ', processes not pinned to cores'}`
  return `<h2>${escaped(title)}</h2>\n<p>${escaped(facts)}.</p>\n${summary.map(partOf).join('\n')}`
}

function partOf({ title, figures, columns, targets }) {
  const shown = figures.filter(({ values }) => values[0] !== null)
  return `<h3>${escaped(title)}</h3>
<figure>${barPlot(shown.map(barOf), columns[0])}<figcaption>${escaped(columns[0])}</figcaption></figure>
${targets.length === 0 ? '' : `<ul>${targets.map(targetOf).join('')}</ul>`}
<details><summary>All figures: median (min-max)</summary>${tableOf(rowsOf(figures, columns))}</details>`
}

/** Results from earlier versions have no single rounds. */
function barOf({ labels, values: [value] }) {
  const label = labels.join(', ')
  return { label, isOwn: label.startsWith('portico'), value: { rounds: [], ...value }, digits: value.digits }
}

function targetOf({ target, least, most, ratio, reached }) {
  const bound = least === undefined ? most : least
  const wanted = bound === undefined ? '' : `, wanted at ${least === undefined ? 'most' : 'least'} ${bound}`
  const text = `${target}: ${range(ratio, 2)}${wanted}`
  return reached === undefined ? `<li>${escaped(text)}</li>` : verdictItem(reached, text)
}

function rowsOf(figures, columns) {
  const rows = figures.map(({ labels, values }) => [
    ...labels,
    ...values.map((value) => (value === null ? '' : range(value, value.digits))),
  ])
  return [[...figures[0].labels.map(() => ''), ...columns], ...rows]
}
