/**
 * `node bench/html-report.mjs NAME FILE`: what `npm run bench -- --save-as NAME` has kept, as one page that needs nothing
 * else: for each part a plot with every round, a table, and what was to be reached.
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
  domain: 'The domain alone',
}

const [name, file] = process.argv.slice(2)
const found = Object.entries(PROGRAMS).flatMap(([program, title]) => {
  const kept = join(import.meta.dirname, 'results', `${program}-${name}.json`)
  return existsSync(kept) ? [{ title, ...JSON.parse(readFileSync(kept, 'utf8')) }] : []
})
if (found.length === 0) throw new Error(`Cannot report on "${name}": found no results of that name in bench/results`)
writeFileSync(file, pageOf('Portico, measured', contentOf(found)))

function contentOf(programs) {
  return `<p>In one run and in turns, server and load on a core each where not said otherwise. Bars are medians, lines reach from the
least to the greatest round, circles are rounds. Less is better where time or memory is shown. Made by <code>npm run bench</code>.</p>
${programs.map(sectionOf).join('\n')}`
}

function sectionOf({ title, conditions, summary }) {
  const { load, node, processor, cores, linux, rounds, seconds, pinned } = conditions
  const facts = `${rounds} rounds of ${seconds} s, load by ${load}, Node ${node}, Linux ${linux}, ${cores} cores of ${processor}${pinned ? '' : ', nothing pinned'}`
  return `<h2>${escaped(title)}</h2>\n<p>${escaped(facts)}.</p>\n${summary.map(partOf).join('\n')}`
}

function partOf({ title, figures, columns, targets }) {
  const shown = figures.filter(({ values }) => values[0] !== null)
  return `<h3>${escaped(title)}</h3>
<figure>${barPlot(shown.map(barOf), columns[0])}<figcaption>${escaped(columns[0])}</figcaption></figure>
${targets.length === 0 ? '' : `<ul>${targets.map(targetOf).join('')}</ul>`}
<details><summary>All figures: median (least-greatest)</summary>${tableOf(rowsOf(figures, columns))}</details>`
}

/** Figures that were kept before rounds stood beside them have none to show. */
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
