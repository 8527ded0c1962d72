/**
 * Counts the edits that turn one word into the other: characters inserted, removed, replaced or swapped with their
 * neighbour (Damerau-Levenshtein distance, in its restricted form).
 */
function distance(one: string, other: string): number {
  // costs[i][j]: from the first i characters of one to the first j of the other.
  const costs = [Array.from({ length: other.length + 1 }, (_, j) => j)]
  for (let i = 1; i <= one.length; i++) {
    const row = [i]
    for (let j = 1; j <= other.length; j++) {
      const replaced = costs[i - 1]![j - 1]! + (one[i - 1] === other[j - 1] ? 0 : 1)
      const swaps = i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1]
      const swapped = swaps ? costs[i - 2]![j - 2]! + 1 : Infinity
      row.push(Math.min(replaced, swapped, costs[i - 1]![j]! + 1, row[j - 1]! + 1))
    }
    costs.push(row)
  }
  return costs[one.length]![other.length]!
}

/** The largest share of edited letters that still counts as a typing error. */
const MAX_TYPO = 0.34

const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

/**
 * Finds the name that was probably meant. Letter case does not count, and a dotted name also matches by its last part:
 * `headerbytes` means `limits.headerBytes`.
 *
 * @returns `null` when no name is near
 */
export function nearest(word: string, names: readonly string[]): string | null {
  const wanted = word.toLowerCase()
  const edited = (name: string): number => distance(wanted, name.toLowerCase()) / Math.max(wanted.length, name.length)
  const shares = names.map((name) => Math.min(edited(name), edited(lastPart(name))))
  const least = Math.min(...shares)
  return least <= MAX_TYPO ? names[shares.indexOf(least)]! : null
}

/** Completes "wanted …" for a name that does not exist, and suggests the name that was probably meant. */
export function existing(what: string, word: string, names: readonly string[]): string {
  const meant = nearest(word, names)
  return meant === null ? `${what} that exists` : `${what} that exists; did you mean ${meant}?`
}
