/**
 * `node bench/html-report.mjs NAME FILE`: what `npm run bench -- --save-as NAME` has kept, as one page that needs nothing
 * else: for each part a plot with every round, a table, and what was to be reached.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { range } from './text.mjs'

const PROGRAMS = {
  peers: 'Portico and other servers',
  engines: 'The engines of Portico',
  tls: 'HTTPS',
  domain: 'The domain alone',
}

const WIDTH = 760
const LABELS = 210
const FIGURES = 150
const BAR = 18
const GAP = 8
const AXIS = 26

const STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --soft: #59636e; --line: #d1d9e0; --own: #0969da; --other: #a0abb8; --good: #1a7f37; --bad: #cf222e; --back: #fff }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --own: #4493f8; --other: #656c76; --good: #3fb950; --bad: #f85149; --back: #0d1117 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 800px; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.25 } h2 { margin-top: 3rem } h3 { margin-top: 2.5rem }
p, li, figcaption { color: var(--soft) } table { border-collapse: collapse; font-size: 14px; width: 100% }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums }
figure { margin: 1rem 0; overflow-x: auto } svg { max-width: 100%; height: auto } svg text { font: 13px system-ui, sans-serif; fill: var(--text) }
.soft { fill: var(--soft) } .own { fill: var(--own) } .other { fill: var(--other) } .grid { stroke: var(--line) } .spread { stroke: var(--text) } .round { fill: var(--back); stroke: var(--text) }
.good { color: var(--good) } .bad { color: var(--bad) } summary { cursor: pointer; color: var(--soft) }`

const [name, file] = process.argv.slice(2)
const found = Object.entries(PROGRAMS).flatMap(([program, title]) => {
  const kept = join(import.meta.dirname, 'results', `${program}-${name}.json`)
  return existsSync(kept) ? [{ title, ...JSON.parse(readFileSync(kept, 'utf8')) }] : []
})
if (found.length === 0) throw new Error(`Cannot report on "${name}": found no results of that name in bench/results`)
writeFileSync(file, pageOf(found))

function pageOf(programs) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Portico, measured</title>
<style>${STYLE}</style>
<h1>Portico, measured</h1>
<p>In one run and in turns, server and load on a core each where not said otherwise. Bars are medians, lines reach from the
least to the greatest round, circles are rounds. Less is better where time or memory is shown. Made by <code>npm run bench</code>.</p>
${programs.map(sectionOf).join('\n')}
</html>
`
}

function sectionOf({ title, conditions, summary }) {
  const { load, node, processor, cores, linux, rounds, seconds, pinned } = conditions
  const facts = `${rounds} rounds of ${seconds} s, load by ${load}, Node ${node}, Linux ${linux}, ${cores} cores of ${processor}${pinned ? '' : ', nothing pinned'}`
  return `<h2>${escaped(title)}</h2>\n<p>${escaped(facts)}.</p>\n${summary.map(partOf).join('\n')}`
}

function partOf({ title, figures, columns, targets }) {
  const shown = figures.filter(({ values }) => values[0] !== null)
  return `<h3>${escaped(title)}</h3>
<figure>${plotOf(shown, columns[0])}<figcaption>${escaped(columns[0])}</figcaption></figure>
${targets.length === 0 ? '' : `<ul>${targets.map(targetOf).join('')}</ul>`}
<details><summary>All figures: median (least-greatest)</summary>${tableOf(figures, columns)}</details>`
}

function plotOf(figures, unit) {
  const height = figures.length * (BAR + GAP) + AXIS
  const most = Math.max(...figures.map(({ values: [value] }) => value.max))
  const step = stepOf(most)
  const scale = (WIDTH - LABELS - FIGURES) / (Math.ceil(most / step) * step)
  const ticks = Array.from({ length: Math.ceil(most / step) + 1 }, (_, at) => at * step)
  const x = (value) => (LABELS + value * scale).toFixed(1)
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="0" y2="${height - AXIS + 4}"/><text class="soft" x="${x(tick)}" y="${height - 6}" text-anchor="middle">${Number(tick.toPrecision(6))}</text>`,
  )
  const bars = figures.map(({ labels, values: [value] }, at) => barOf(labels.join(', '), value, at * (BAR + GAP), x))
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(unit)}">${grid.join('')}${bars.join('')}</svg>`
}

/** Figures that were kept before rounds stood beside them have none to show. */
function barOf(label, { median, min, max, rounds = [], digits }, y, x) {
  const middle = y + BAR / 2
  const kind = label.startsWith('portico') ? 'own' : 'other'
  const dots = rounds.map((value) => `<circle class="round" cx="${x(value)}" cy="${middle}" r="2.5"/>`).join('')
  return `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>
<rect class="${kind}" x="${LABELS}" y="${y}" width="${(x(median) - LABELS).toFixed(1)}" height="${BAR}" rx="2"/>
<line class="spread" x1="${x(min)}" x2="${x(max)}" y1="${middle}" y2="${middle}"/>${dots}
<text x="${WIDTH}" y="${middle + 4}" text-anchor="end">${range({ median, min, max }, digits)}</text>`
}

/** Between three and six steps to the end, each a round number. */
function stepOf(most) {
  const power = 10 ** Math.floor(Math.log10(most))
  return [1, 0.5, 0.2].map((share) => share * power).find((step) => most / step >= 2.5) ?? power
}

function targetOf({ target, least, most, ratio, reached }) {
  const bound = least === undefined ? most : least
  const wanted = bound === undefined ? '' : `, wanted at ${least === undefined ? 'most' : 'least'} ${bound}`
  const verdict = reached === undefined ? '' : reached ? '<b class="good">reached</b> ' : '<b class="bad">missed</b> '
  return `<li>${verdict}${escaped(target)}: ${range(ratio, 2)}${wanted}</li>`
}

function tableOf(figures, columns) {
  const head = [...figures[0].labels.map(() => ''), ...columns].map((text) => `<th>${escaped(text)}</th>`).join('')
  const rows = figures.map(({ labels, values }) => {
    const cells = [...labels.map(escaped), ...values.map((value) => (value === null ? '' : range(value, value.digits)))]
    return `<tr>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`
  })
  return `<table><tr>${head}</tr>${rows.join('')}</table>`
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}
