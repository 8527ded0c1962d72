/**
 * How many characters must be put in, taken out, replaced or swapped with their neighbour to make one word of the other
 * (Damerau-Levenshtein, no place touched twice).
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

/** Beyond this share of its letters a word is another word rather than a slip. */
const SLIP = 0.34

const lastPart = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

/**
 * The name that was probably meant, `null` when none is near. Letter case does not count, and a dotted name is also
 * known by its last part: `headerbytes` means `limits.headerBytes`.
 */
export function nearest(word: string, names: readonly string[]): string | null {
  const wanted = word.toLowerCase()
  const slips = (name: string): number => distance(wanted, name.toLowerCase()) / Math.max(wanted.length, name.length)
  const farness = names.map((name) => Math.min(slips(name), slips(lastPart(name))))
  const least = Math.min(...farness)
  return least <= SLIP ? names[farness.indexOf(least)]! : null
}

/** Completes "wanted …" for a name that nothing has, with the one that was probably meant. */
export function oneThatExists(what: string, word: string, names: readonly string[]): string {
  const meant = nearest(word, names)
  return meant === null ? `${what} that exists` : `${what} that exists; did you mean ${meant}?`
}
