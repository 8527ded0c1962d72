import { table as tableText } from '../dist/src/app/cli/table.js'

export { range } from '../dist/src/app/cli/compare/summary.js'

/** Formats rows as aligned columns. @returns one text per row */
export function table(rows) {
  return tableText(rows).trimEnd().split('\n')
}
