import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

/**
 * Tells where the code of one bundled file comes from. The build writes it beside the file (`scripts/bundle.mjs`). The arrays
 * are parallel: an entry holds from its place in the file up to the next place.
 */
interface Places {
  /** Names of source files, such as `src/app/main.ts`. */
  readonly names: readonly string[]
  /** In ascending order; each is the line, from 1, times `COLUMNS`, plus the column, from 1. */
  readonly places: readonly number[]
  /** Indexes into `names`; -1 for a package's code. */
  readonly sources: readonly number[]
  /** Lines in the source, from 1. */
  readonly lines: readonly number[]
}

/** More than the columns of any line. */
const COLUMNS = 2 ** 24

const BUNDLE = new URL('../../../', import.meta.url).href
const FRAME = /(file:\/\/[^\s()]+?):(\d+):(\d+)/g

const read = new Map<string, Places | null>()

/**
 * Replaces the places in a stack that are in the server's bundled files by places in their sources, such as
 * `src/app/main.ts:70`. Node could do this with source maps, but reading one stops the event loop for 50 ms.
 */
export function withSourcePlaces(stack: string): string {
  return stack.replace(FRAME, (frame, url: string, line: string, column: string) =>
    url.startsWith(BUNDLE) ? (sourcePlace(url, Number(line), Number(column)) ?? frame) : frame,
  )
}

function sourcePlace(url: string, line: number, column: number): string | null {
  const found = placesOf(url)
  if (found === null) return null
  const index = lastAtMost(found.places, line * COLUMNS + column)
  const name = found.names[found.sources[index] ?? -1]
  return name === undefined ? null : `${name}:${found.lines[index]!}`
}

function placesOf(url: string): Places | null {
  const known = read.get(url)
  if (known !== undefined) return known
  const places = readPlaces(`${fileURLToPath(url)}.places.json`)
  read.set(url, places)
  return places
}

/** @returns null when there is no such file: the code is not bundled */
function readPlaces(file: string): Places | null {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Places
  } catch {
    return null
  }
}

/** Finds the index of the last value that is not above the limit; -1 when all are above it. */
function lastAtMost(ascending: readonly number[], limit: number): number {
  let [low, high] = [0, ascending.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if (ascending[middle]! <= limit) low = middle + 1
    else high = middle
  }
  return low - 1
}
