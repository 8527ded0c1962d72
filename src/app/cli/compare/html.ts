/** Pages that need nothing else, and their plots. */
import { range, type Summary } from './summary.js'

const WIDTH = 760
const LABELS = 210
const FIGURES = 150
const BAR = 18
const GAP = 8
const AXIS = 26
const CURVES_HEIGHT = 300
const LEGEND = 190
/** Where text stands beside what it belongs to. */
const BASELINE = 4

const STYLE = `
:root { color-scheme: light dark; --text: #1f2328; --soft: #59636e; --line: #d1d9e0; --own: #0969da; --other: #a0abb8; --good: #1a7f37; --bad: #cf222e; --back: #fff; --c0: #0969da; --c1: #bf5700; --c2: #1a7f37; --c3: #8250df }
@media (prefers-color-scheme: dark) { :root { --text: #e6edf3; --soft: #9198a1; --line: #3d444d; --own: #4493f8; --other: #656c76; --good: #3fb950; --bad: #f85149; --back: #0d1117; --c0: #4493f8; --c1: #f0883e; --c2: #3fb950; --c3: #ab7df8 } }
body { font: 16px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); max-width: 800px; margin: 2rem auto; padding: 0 1rem }
h1, h2, h3 { line-height: 1.25 } h2 { margin-top: 3rem } h3 { margin-top: 2.5rem }
p, li, figcaption { color: var(--soft) } table { border-collapse: collapse; font-size: 14px; width: 100% }
th, td { text-align: left; padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); font-variant-numeric: tabular-nums }
figure { margin: 1rem 0; overflow-x: auto } svg { max-width: 100%; height: auto } svg text { font: 13px system-ui, sans-serif; fill: var(--text) }
.soft { fill: var(--soft) } .own { fill: var(--own) } .other { fill: var(--other) } .grid { stroke: var(--line) } .spread { stroke: var(--text) } .round { fill: var(--back); stroke: var(--text) }
.curve { fill: none; stroke-width: 2 } .good { color: var(--good) } .bad { color: var(--bad) } summary { cursor: pointer; color: var(--soft) }`

/** @param content the body, as HTML */
export function pageOf(title: string, content: string): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
<h1>${escaped(title)}</h1>
${content}
</html>
`
}

export function escaped(text: string): string {
  return text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
}

/** What is better, or worse, than its bound. */
export function verdictItem(passed: boolean, text: string): string {
  return `<li><b class="${passed ? 'good">reached' : 'bad">missed'}</b> ${escaped(text)}</li>`
}

export function tableOf(rows: readonly (readonly string[])[]): string {
  const [head, ...others] = rows
  const row = (cells: readonly string[], kind: string): string =>
    `<tr>${cells.map((cell) => `<${kind}>${escaped(cell)}</${kind}>`).join('')}</tr>`
  return `<table>${row(head!, 'th')}${others.map((cells) => row(cells, 'td')).join('')}</table>`
}

export interface Bar {
  readonly label: string
  /** Whether it is of those that the plot is about. */
  readonly isOwn: boolean
  readonly value: Summary
  readonly digits: number
}

/** Bars of medians, with the range as a line and each round as a circle. */
export function barPlot(bars: readonly Bar[], unit: string): string {
  const height = bars.length * (BAR + GAP) + AXIS
  const most = Math.max(...bars.map(({ value }) => value.max))
  const step = stepOf(most)
  const steps = Math.max(Math.ceil(most / step), 1)
  const scale = (WIDTH - LABELS - FIGURES) / (steps * step)
  const ticks = Array.from({ length: steps + 1 }, (_, at) => at * step)
  const x = (value: number): string => (LABELS + value * scale).toFixed(1)
  const grid = ticks.map(
    (tick) =>
      `<line class="grid" x1="${x(tick)}" x2="${x(tick)}" y1="0" y2="${height - AXIS + 4}"/><text class="soft" x="${x(tick)}" y="${height - 6}" text-anchor="middle">${shortened(tick)}</text>`,
  )
  const drawn = bars.map((bar, at) => barOf(bar, at * (BAR + GAP), x))
  return svg(height, unit, [...grid, ...drawn])
}

function barOf({ label, isOwn, value, digits }: Bar, y: number, x: (value: number) => string): string {
  const { median, min, max, rounds } = value
  const middle = y + BAR / 2
  const dots = rounds.map((each) => `<circle class="round" cx="${x(each)}" cy="${middle}" r="2.5"/>`).join('')
  return `<text x="${LABELS - 8}" y="${middle + BASELINE}" text-anchor="end">${escaped(label)}</text>
<rect class="${isOwn ? 'own' : 'other'}" x="${LABELS}" y="${y}" width="${(Number(x(median)) - LABELS).toFixed(1)}" height="${BAR}" rx="2"/>
<line class="spread" x1="${x(min)}" x2="${x(max)}" y1="${middle}" y2="${middle}"/>${dots}
<text x="${WIDTH}" y="${middle + BASELINE}" text-anchor="end">${range(value, digits)}</text>`
}

/** Between three and six steps to the end, each a round number. */
function stepOf(most: number): number {
  if (!(most > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return [1, 0.5, 0.2].map((share) => share * power).find((step) => most / step >= 2.5) ?? power
}

const shortened = (value: number): string => String(Number(value.toPrecision(6)))

export interface Curve {
  readonly label: string
  /** Shares below 1, and what is not exceeded by as many; both rise. */
  readonly points: readonly (readonly [share: number, value: number])[]
}

/** Distributions: both axes are logarithmic, that of the shares towards 1, so that what is rare is seen. */
export function distributionPlot(curves: readonly Curve[], unit: string): string {
  const [left, right, bottom] = [60, WIDTH - LEGEND, CURVES_HEIGHT - AXIS]
  const all = curves.flatMap(({ points }) => points)
  const rarest = Math.max(...all.map(([share]) => -Math.log10(1 - share)), 1)
  const values = all.map(([, value]) => value).filter((value) => value > 0)
  const [low, high] = [Math.floor(Math.log10(Math.min(...values, 1))), Math.ceil(Math.log10(Math.max(...values, 1)))]
  const x = (share: number): number => left + (-Math.log10(1 - share) / rarest) * (right - left)
  const lift = (value: number): number => (Math.log10(Math.max(value, 10 ** low)) - low) / Math.max(high - low, 1)
  const y = (value: number): number => bottom - lift(value) * (bottom - 10)
  const shares = [0, 0.9, 0.99, 0.999, 0.9999].filter((share) => x(share) <= right + 1)
  const decades = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at))
  const grid = [
    ...shares.map(
      (share) =>
        `<line class="grid" x1="${x(share).toFixed(1)}" x2="${x(share).toFixed(1)}" y1="10" y2="${bottom}"/><text class="soft" x="${x(share).toFixed(1)}" y="${CURVES_HEIGHT - 6}" text-anchor="middle">${share === 0 ? 'least' : `${shortened(share * 100)} %`}</text>`,
    ),
    ...decades.map(
      (value) =>
        `<line class="grid" x1="${left}" x2="${right}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}"/><text class="soft" x="${left - 8}" y="${(y(value) + BASELINE).toFixed(1)}" text-anchor="end">${shortened(value)}</text>`,
    ),
  ]
  const drawn = curves.map(({ label, points }, at) => {
    const line = points.map(([share, value]) => `${x(share).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
    const height = 20 + at * 20
    return `<polyline class="curve" stroke="var(--c${at})" points="${line}"/>
<line stroke="var(--c${at})" stroke-width="2" x1="${right + 12}" x2="${right + 28}" y1="${height}" y2="${height}"/><text x="${right + 34}" y="${height + BASELINE}">${escaped(label)}</text>`
  })
  return svg(CURVES_HEIGHT, unit, [...grid, ...drawn])
}

function svg(height: number, label: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(label)}">${parts.join('')}</svg>`
}
