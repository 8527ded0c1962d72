/** Plots as inline SVG. They use the colours of the surrounding page. */
import { escaped } from './html.js'
import { range, type Summary } from './summary.js'

const WIDTH = 760
const LABELS = 210
const FIGURES = 150
const BAR = 18
const GAP = 8
const AXIS = 26
const CURVES_HEIGHT = 300
const LEGEND = 190
const LEGEND_LINE = 20
/** The distance of a text's baseline below the middle of what it labels. */
const BASELINE = 4

/** One bar of a bar plot. */
export interface Bar {
  readonly label: string
  /** Whether the bar is highlighted. */
  readonly isOwn: boolean
  readonly value: Summary
  readonly digits: number
}

/** Draws the median of each summary as a bar, its range as a line, and each round as a circle. */
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

/** Chooses a round number as the distance of grid lines, so that there are three to six. */
function stepOf(most: number): number {
  if (!(most > 0)) return 1
  const power = 10 ** Math.floor(Math.log10(most))
  return [1, 0.5, 0.2].map((share) => share * power).find((step) => most / step >= 2.5) ?? power
}

const shortened = (value: number): string => String(Number(value.toPrecision(6)))

/** A distribution. */
export interface Curve {
  readonly label: string
  /** Quantiles: shares below 1, each with the value that this share of samples does not exceed; both rise. */
  readonly points: readonly (readonly [share: number, value: number])[]
}

/**
 * Draws distributions. Both axes are logarithmic, the axis of shares in 1 − share, so that rare values stay visible.
 */
export function distributionPlot(curves: readonly Curve[], unit: string): string {
  const scales = scalesOf(curves.flatMap(({ points }) => points))
  return svg(CURVES_HEIGHT, unit, [...shareLines(scales), ...valueLines(scales), ...curves.map(curveOf(scales))])
}

/** Maps shares and values to coordinates. */
interface Scales {
  readonly x: (share: number) => number
  readonly y: (value: number) => number
  /** Exponents of the powers of ten that enclose all values. */
  readonly decades: readonly [low: number, high: number]
}

const [LEFT, RIGHT, TOP, BOTTOM] = [60, WIDTH - LEGEND, 10, CURVES_HEIGHT - AXIS]

function scalesOf(points: readonly (readonly [share: number, value: number])[]): Scales {
  const rarity = (share: number): number => -Math.log10(1 - share)
  const rarest = Math.max(...points.map(([share]) => rarity(share)), 1)
  const values = points.map(([, value]) => value).filter((value) => value > 0)
  const [low, high] = [Math.floor(Math.log10(Math.min(...values, 1))), Math.ceil(Math.log10(Math.max(...values, 1)))]
  const lift = (value: number): number => (Math.log10(Math.max(value, 10 ** low)) - low) / Math.max(high - low, 1)
  return {
    x: (share) => LEFT + (rarity(share) / rarest) * (RIGHT - LEFT),
    y: (value) => BOTTOM - lift(value) * (BOTTOM - TOP),
    decades: [low, high],
  }
}

function shareLines({ x }: Scales): string[] {
  const shares = [0, 0.9, 0.99, 0.999, 0.9999].filter((share) => x(share) <= RIGHT + 1)
  return shares.map((share) => {
    const at = x(share).toFixed(1)
    const name = share === 0 ? 'min' : `${shortened(share * 100)} %`
    return `<line class="grid" x1="${at}" x2="${at}" y1="${TOP}" y2="${BOTTOM}"/><text class="soft" x="${at}" y="${CURVES_HEIGHT - 6}" text-anchor="middle">${name}</text>`
  })
}

function valueLines({ y, decades: [low, high] }: Scales): string[] {
  const values = Array.from({ length: high - low + 1 }, (_, at) => 10 ** (low + at))
  return values.map((value) => {
    const at = y(value)
    return `<line class="grid" x1="${LEFT}" x2="${RIGHT}" y1="${at.toFixed(1)}" y2="${at.toFixed(1)}"/><text class="soft" x="${LEFT - 8}" y="${(at + BASELINE).toFixed(1)}" text-anchor="end">${shortened(value)}</text>`
  })
}

/** Draws a curve and its entry in the legend. */
const curveOf =
  ({ x, y }: Scales) =>
  ({ label, points }: Curve, at: number): string => {
    const line = points.map(([share, value]) => `${x(share).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
    const height = (at + 1) * LEGEND_LINE
    return `<polyline class="curve" stroke="var(--c${at})" points="${line}"/>
<line stroke="var(--c${at})" stroke-width="2" x1="${RIGHT + 12}" x2="${RIGHT + 28}" y1="${height}" y2="${height}"/><text x="${RIGHT + 34}" y="${height + BASELINE}">${escaped(label)}</text>`
  }

function svg(height: number, label: string, parts: readonly string[]): string {
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(label)}">${parts.join('')}</svg>`
}
