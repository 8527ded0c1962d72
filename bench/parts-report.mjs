/** From the raw rounds of a part to medians, ranges and verdicts. */
import { summary } from './statistics.mjs'
import { range, table } from './text.mjs'

/**
 * @param rows of one part, as measured
 * @returns what a reader wants to know first
 */
export function summarize({ part, title, label, columns, targets }, rows) {
  return {
    part,
    title,
    figures: grouped(rows, label).map(({ labels, alike }) => ({
      labels,
      values: columns.map((it) => figure(it, alike)),
    })),
    columns: columns.map((it) => it.title),
    targets: targets.map((target) => verdict(target, rows)).filter((it) => it !== null),
    coresOfOthers: othersIn(rows.filter((row) => row.processor)),
    errors: rows.reduce((sum, row) => sum + row.errors, 0),
  }
}

/** Rows with the same labels together: sorted by label after label, each in the order that the first rows have them in. */
function grouped(rows, label) {
  const groups = new Map()
  for (const row of rows) {
    const labels = label(row)
    const key = labels.join()
    if (!groups.has(key)) groups.set(key, { labels, alike: [] })
    groups.get(key).alike.push(row)
  }
  return inOrder([...groups.values()])
}

function inOrder(groups) {
  const known = groups[0].labels.map((_, column) => groups.map(({ labels }) => labels[column]))
  const places = ({ labels }) => labels.map((text, column) => known[column].indexOf(text))
  return groups.sort((one, other) => compare(places(one), places(other)))
}

function compare(one, other) {
  const column = one.findIndex((place, i) => place !== other[i])
  return column < 0 ? 0 : one[column] - other[column]
}

/** Null where these rows have no such figure. */
function figure({ digits, of }, rows) {
  const values = rows.map(of).filter((value) => value !== undefined)
  return values.length === 0 ? null : { ...summary(values), rounds: values, digits }
}

/** Each ratio is of figures of one round. Without a bound it is told, and not judged; without figures there is none. */
function verdict({ target, least, most, of }, rows) {
  const found = of(rows)
  if (found.length === 0) return null
  const ratio = summary(found)
  if (least !== undefined) return { target, least, ratio, reached: ratio.median >= least }
  if (most !== undefined) return { target, most, ratio, reached: ratio.median <= most }
  return { target, ratio }
}

/** Null where no processor was watched. */
function othersIn(rows) {
  if (rows.length === 0) return null
  return summary(rows.map(({ processor }) => processor.otherSeconds / processor.elapsedSeconds))
}

/** A summary as text. */
export function asText({ title, figures, columns, targets, coresOfOthers }) {
  const heading = [...figures[0].labels.map(() => ''), ...columns]
  const rows = figures.map(({ labels, values }) => [...labels, ...values.map((it) => (it ? range(it, it.digits) : ''))])
  const others =
    coresOfOthers === null ? [] : ['', `Others on the machine used ${range(coresOfOthers, 2)} cores meanwhile.`]
  const verdicts = targets.length === 0 ? [] : ['', ...table(targets.map(verdictRow))]
  return [title, '', ...table([heading, ...rows]), ...verdicts, ...others, ''].join('\n')
}

function verdictRow({ target, least, most, ratio, reached }) {
  const bound = least === undefined ? most : least
  const wanted = bound === undefined ? '' : `wanted: at ${least === undefined ? 'most' : 'least'} ${bound}`
  return [reached === undefined ? '' : reached ? 'reached' : 'MISSED', target, range(ratio, 2), wanted]
}
