import { FieldSection } from '../message/field-section.js'
import { ProtocolError } from '../message/protocol-error.js'
import { isWhiteSpace } from '../octets/grammar.js'
import { COLON, CR, IS_FIELD_VALUE, IS_TOKEN, LF } from '../octets/octet-classes.js'

/*
 * Theory of operation: each element of a field line has a state (RFC 9112 §5). Positions are relative to the base that
 * the caller gives, as in the request-line reader. Each octet is read once; white space after a value is read twice.
 */

const LINE_START = 0
const NAME = 1
const WHITE_SPACE = 2 // between the colon and the value
const VALUE = 3
const LINE_LF = 4 // after the CR that ends a line
const END_LF = 5 // after the CR of the empty line that ends the section
const NAME_CR = 6 // after a CR in a name: a line without colon, or a bare CR

/** Reads a field section, of a head or of trailers, including the empty line that ends it (RFC 9112 §5). */
export class FieldLinesReader {
  private state = LINE_START
  private at = 0
  private nameFrom = 0
  private nameTo = 0
  private valueFrom = 0
  private bounds: number[] = []

  /** @param maxLines maximum number of lines in a section; one more is refused */
  constructor(private readonly maxLines: number) {}

  /**
   * Starts a new section.
   *
   * @param at where the section begins, relative to the base that is passed to `read`
   */
  begin(at: number): void {
    this.state = LINE_START
    this.at = at
    this.bounds = []
  }

  /**
   * Continues where the last call stopped.
   *
   * @param base where in `octets` the positions count from
   * @param end where the readable octets end
   * @returns where the section ends (after the empty line), relative to `base`; -1 when more octets are needed
   * @throws {ProtocolError} at the first octet that makes a line invalid
   */
  read(octets: Uint8Array, base: number, end: number): number {
    let at = base + this.at
    while (at < end) {
      switch (this.state) {
        case LINE_START:
          at = this.lineStart(octets, base, at, end)
          break
        case NAME:
          at = this.name(octets, base, at, end)
          break
        case WHITE_SPACE:
          at = this.whiteSpace(octets, base, at, end)
          break
        case VALUE:
          at = this.value(octets, base, at, end)
          break
        case LINE_LF:
          if (octets[at] !== LF) throw bareCr()
          this.state = LINE_START
          at++
          break
        case END_LF:
          if (octets[at] !== LF) throw bareCr()
          return at + 1 - base
        default:
          throw octets[at] === LF ? badName('a line without colon') : bareCr()
      }
    }
    this.at = at - base
    return -1
  }

  /**
   * The section that `read` completed.
   *
   * @param text the octets from the base onwards, as latin1 text
   */
  section(text: string): FieldSection {
    return new FieldSection(text, this.bounds)
  }

  private lineStart(octets: Uint8Array, base: number, at: number, end: number): number {
    const octet = octets[at]!
    if (octet === CR) {
      this.state = END_LF
      return at + 1
    }
    if (octet === LF) throw bareLf()
    if (isWhiteSpace(octet)) {
      throw new ProtocolError(400, 'field-folding', 'Cannot read a field line that begins with white space')
    }
    if (this.bounds.length === this.maxLines * 4) {
      throw new ProtocolError(431, 'field-count', `Cannot take more than ${this.maxLines} field lines`)
    }
    this.nameFrom = at - base
    this.state = NAME
    return this.name(octets, base, at, end)
  }

  private name(octets: Uint8Array, base: number, from: number, end: number): number {
    let at = from
    while (at < end && IS_TOKEN[octets[at]!] === 1) at++
    if (at === end) return at
    const octet = octets[at]!
    this.nameTo = at - base
    if (octet === COLON && this.nameTo > this.nameFrom) {
      this.state = WHITE_SPACE
      return this.whiteSpace(octets, base, at + 1, end)
    }
    if (octet === LF) throw bareLf()
    if (octet !== CR) throw badName(octet === COLON ? 'an empty one' : `octet ${octet}`)
    this.state = NAME_CR
    return at + 1
  }

  private whiteSpace(octets: Uint8Array, base: number, from: number, end: number): number {
    let at = from
    while (at < end && isWhiteSpace(octets[at]!)) at++
    if (at === end) return at
    this.valueFrom = at - base
    this.state = VALUE
    return this.value(octets, base, at, end)
  }

  private value(octets: Uint8Array, base: number, from: number, end: number): number {
    let at = from
    while (at < end && IS_FIELD_VALUE[octets[at]!] === 1) at++
    if (at === end) return at
    const octet = octets[at]!
    if (octet === LF) throw bareLf()
    if (octet !== CR) {
      throw new ProtocolError(400, 'field-value', `Cannot read a field value: found control octet ${octet}`)
    }
    this.endLine(octets, base, at)
    return at + 1
  }

  private endLine(octets: Uint8Array, base: number, end: number): void {
    let to = end
    while (to > base + this.valueFrom && isWhiteSpace(octets[to - 1]!)) to--
    this.bounds.push(this.nameFrom, this.nameTo, this.valueFrom, to - base)
    this.state = LINE_LF
  }
}

function badName(found: string): ProtocolError {
  return new ProtocolError(400, 'field-name', `Cannot read a field name: found ${found}, wanted a token and a colon`)
}

function bareLf(): ProtocolError {
  return new ProtocolError(400, 'bare-lf', 'Cannot end a field line: found LF without CR')
}

function bareCr(): ProtocolError {
  return new ProtocolError(400, 'bare-cr', 'Cannot end a field line: found CR without LF')
}
