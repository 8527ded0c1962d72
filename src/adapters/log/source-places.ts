import { readFileSync } from 'node:fs'

/** Tells where the code of the bundled files comes from. The build writes it into their folder (`scripts/bundle.mjs`). */
interface SourcePlaces {
  /** More than the columns of any line. */
  readonly columns: number
  /** By the path of the bundled file in its folder. */
  readonly files: Readonly<Record<string, PlacesOfFile>>
}

/** The arrays are parallel: an entry holds from its place in the file up to the next place. */
interface PlacesOfFile {
  /** Names of source files, such as `src/app/main.ts`. */
  readonly names: readonly string[]
  /** In ascending order; each is the line, from 1, times `columns`, plus the column, from 1. */
  readonly places: readonly number[]
  /** Indexes into `names`; -1 for a package's code. */
  readonly sources: readonly number[]
  /** Lines in the source, from 1. */
  readonly lines: readonly number[]
}

const FOLDER = new URL('../../../', import.meta.url)
/** Bounded, because a stack begins with the error's message, which may be long and may come from a peer. */
const PLACE = /^([\w./-]{1,200}):(\d{1,9}):(\d{1,9})/

/** Read with the first stack; without files when the code is not bundled. */
let bundled: SourcePlaces | null = null

/**
 * Replaces the places in a stack that are in the server's bundled files by places in their sources, such as
 * `src/app/main.ts:70`. Node could do this with source maps, but reading one stops the event loop for 50 ms.
 */
export function withSourcePlaces(stack: string): string {
  const [before, ...parts] = stack.split(FOLDER.href)
  return before! + parts.map((part) => sourceFirst(part) ?? FOLDER.href + part).join('')
}

/** Replaces the place at the beginning of a text; null when it is not in a bundled source of ours. */
function sourceFirst(text: string): string | null {
  const [place, file, line, column] = PLACE.exec(text) ?? []
  if (place === undefined) return null
  const source = sourcePlace(file!, Number(line), Number(column))
  return source === null ? null : source + text.slice(place.length)
}

function sourcePlace(file: string, line: number, column: number): string | null {
  const { files, columns } = (bundled ??= readPlaces())
  if (!Object.hasOwn(files, file)) return null
  const { names, places, sources, lines } = files[file]!
  const index = lastAtMost(places, line * columns + column)
  const name = names[sources[index] ?? -1]
  return name === undefined ? null : `${name}:${lines[index]!}`
}

function readPlaces(): SourcePlaces {
  try {
    return JSON.parse(readFileSync(new URL('places.json', FOLDER), 'utf8')) as SourcePlaces
  } catch {
    return { columns: 1, files: {} }
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
