import { LOWER } from '../octets/octet-classes.js'

/**
 * A field section (RFC 9110 §5): the field lines of a head, or the trailers, in the order of arrival.
 *
 * Values are latin1 strings without surrounding white space: each character is the code point of its octet. The section
 * keeps the text of the whole head and the position of each line in it, and slices a name or a value only on demand,
 * since most are never read. Another thread can rebuild the section from `text` and `bounds`.
 */
export class FieldSection {
  /**
   * @param text the text that contains the lines
   * @param bounds four offsets per line: start and end of the name, start and end of the value
   */
  constructor(
    readonly text: string,
    readonly bounds: readonly number[],
  ) {}

  /** Makes a section from lines, for trailers and tests. */
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

  /** The number of field lines. */
  get size(): number {
    return this.bounds.length / 4
  }

  /**
   * The combined value of a field: its lines joined by commas (RFC 9110 §5.2); `null` when there is none.
   *
   * @param name in lower case
   */
  get(name: string): string | null {
    const first = this.find(name, 0)
    if (first === -1) return null
    let value = this.valueAt(first)
    for (let at = this.find(name, first + 4); at !== -1; at = this.find(name, at + 4)) {
      // Cookie is the exception: its lines are joined by semicolons (RFC 6265 §5.4).
      value += (name === 'cookie' ? '; ' : ', ') + this.valueAt(at)
    }
    return value
  }

  /**
   * The value of each line of a field, in order.
   *
   * @param name in lower case
   */
  getAll(name: string): string[] {
    const values: string[] = []
    for (let at = this.find(name, 0); at !== -1; at = this.find(name, at + 4)) values.push(this.valueAt(at))
    return values
  }

  /**
   * Whether there is a field of this name.
   *
   * @param name in lower case
   */
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
    // LOWER and not `| 0x20`, which would make `^` equal to `~`.
    for (let i = 0; i < name.length; i++) {
      if (LOWER[this.text.charCodeAt(from + i)] !== name.charCodeAt(i)) return false
    }
    return true
  }
}

/** The empty section. */
export const NO_FIELDS = new FieldSection('', [])
