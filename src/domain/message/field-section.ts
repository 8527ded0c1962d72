import { LOWER } from '../octets/octet-classes.js'

/**
 * A field section (RFC 9110 §5): the field lines of a head or the trailers, in the order they came.
 *
 * Values are latin1 strings without surrounding white space; octets above 0x7F stand as the code points of the same
 * number. The section keeps the text it was read from and where each line lies in it; a name or value becomes a
 * string of its own when someone asks, since most never are. With text and bounds it can be made again in another thread.
 */
export class FieldSection {
  /**
   * @param text the text that the bounds point into
   * @param bounds four offsets a line: name from, name to, value from, value to
   */
  constructor(
    readonly text: string,
    readonly bounds: readonly number[],
  ) {}

  /** A section of the given lines, for trailers and tests. */
  static of(lines: Iterable<readonly [name: string, value: string]>): FieldSection {
    let text = ''
    const bounds: number[] = []
    for (const [name, value] of lines) {
      bounds.push(
        text.length,
        text.length + name.length,
        text.length + name.length,
        text.length + name.length + value.length,
      )
      text += name + value
    }
    return new FieldSection(text, bounds)
  }

  /** How many field lines there are. */
  get size(): number {
    return this.bounds.length / 4
  }

  /**
   * The combined value of a field: its lines joined by a comma (RFC 9110 §5.2), `null` without any.
   *
   * @param name in lower case
   */
  get(name: string): string | null {
    const first = this.find(name, 0)
    if (first === -1) return null
    let value = this.valueAt(first)
    for (let at = this.find(name, first + 4); at !== -1; at = this.find(name, at + 4)) {
      // Cookie is the exception to the comma: its pairs are joined by semicolons (RFC 6265 §5.4).
      value += (name === 'cookie' ? '; ' : ', ') + this.valueAt(at)
    }
    return value
  }

  /**
   * Each line's value by itself, in order.
   *
   * @param name in lower case
   */
  getAll(name: string): string[] {
    const values: string[] = []
    for (let at = this.find(name, 0); at !== -1; at = this.find(name, at + 4)) values.push(this.valueAt(at))
    return values
  }

  /** @param name in lower case */
  has(name: string): boolean {
    return this.find(name, 0) !== -1
  }

  /** The lines in order, names in lower case. */
  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let at = 0; at < this.bounds.length; at += 4) {
      yield [this.text.slice(this.bounds[at], this.bounds[at + 1]).toLowerCase(), this.valueAt(at)]
    }
  }

  private valueAt(at: number): string {
    return this.text.slice(this.bounds[at + 2], this.bounds[at + 3])
  }

  private find(name: string, from: number): number {
    const { bounds } = this
    for (let at = from; at < bounds.length; at += 4) {
      if (bounds[at + 1]! - bounds[at]! === name.length && this.isNamed(bounds[at]!, name)) return at
    }
    return -1
  }

  private isNamed(from: number, name: string): boolean {
    // A table, not `| 0x20`: that would make `^` equal to `~`.
    for (let i = 0; i < name.length; i++) {
      if (LOWER[this.text.charCodeAt(from + i)] !== name.charCodeAt(i)) return false
    }
    return true
  }
}

export const NO_FIELDS = new FieldSection('', [])
