/** Turns the raw rounds of a part into medians, ranges and verdicts. */
import { summary } from './statistics.mjs'
import { range, table } from './text.mjs'

/**
 * Summarizes a part.
 *
 * @param rows the measurements of all rounds
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

/** Groups rows with the same labels. Groups are sorted label by label, in the order in which labels first appear. */
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

/** Returns `null` where these rows do not have the figure. */
function figure({ digits, of }, rows) {
  const values = rows.map(of).filter((value) => value !== undefined)
  return values.length === 0 ? null : { ...summary(values), rounds: values, digits }
}

/** Each ratio compares figures of one round. Without a limit it is only reported. Returns `null` without figures. */
function verdict({ target, least, most, of }, rows) {
  const found = of(rows)
  if (found.length === 0) return null
  const ratio = summary(found)
  if (least !== undefined) return { target, least, ratio, reached: ratio.median >= least }
  if (most !== undefined) return { target, most, ratio, reached: ratio.median <= most }
  return { target, ratio }
}

/** Returns `null` where CPU time was not measured. */
function othersIn(rows) {
  if (rows.length === 0) return null
  return summary(rows.map(({ processor }) => processor.otherSeconds / processor.elapsedSeconds))
}

/** Formats a summary as text. */
export function asText({ title, figures, columns, targets, coresOfOthers }) {
  const heading = [...figures[0].labels.map(() => ''), ...columns]
  const rows = figures.map(({ labels, values }) => [...labels, ...values.map((it) => (it ? range(it, it.digits) : ''))])
  const others =
    coresOfOthers === null
      ? []
      : ['', `Other processes on the machine used ${range(coresOfOthers, 2)} cores in the meantime.`]
  const verdicts = targets.length === 0 ? [] : ['', ...table(targets.map(verdictRow))]
  return [title, '', ...table([heading, ...rows]), ...verdicts, ...others, ''].join('\n')
}

function verdictRow({ target, least, most, ratio, reached }) {
  const bound = least === undefined ? most : least
  const wanted = bound === undefined ? '' : `wanted: at ${least === undefined ? 'most' : 'least'} ${bound}`
  return [reached === undefined ? '' : reached ? 'pass' : 'FAIL', target, range(ratio, 2), wanted]
}
