import { ProtocolError } from '../message/protocol-error.js'
import { isWhiteSpace } from '../octets/grammar.js'
import { CR, IS_FIELD_VALUE, IS_TOKEN, LF } from '../octets/octet-classes.js'

const SEMICOLON = 0x3b
const EQUALS = 0x3d
const DQUOTE = 0x22
const BACKSLASH = 0x5c

type Place =
  | 'size'
  | 'name-start'
  | 'name'
  | 'behind-name'
  | 'value-start'
  | 'value'
  | 'quoted'
  | 'escape'
  | 'value-end'
  | 'behind-value'

/**
 * Walks over the extensions of a chunk line (RFC 9112 §7.1.1), which we recognize and ignore. Strictly: a reader that
 * skips whatever stands behind the semicolon can be made to see another end of line than we do.
 */
export class ChunkExtensions {
  private place: Place = 'size'

  /** Ready for what stands behind the next chunk's size. */
  reset(): void {
    this.place = 'size'
  }

  /**
   * Takes one octet behind the chunk size.
   *
   * @returns true for the CR that ends the line
   * @throws {ProtocolError} 400 for an octet that cannot stand there
   */
  take(octet: number): boolean {
    if (octet === CR && this.mayEnd()) return true
    if (octet === LF && this.place !== 'quoted' && this.place !== 'escape') {
      throw new ProtocolError(400, 'bare-lf', 'Cannot end a chunk line: found LF without CR')
    }
    this.place = this.next(octet)
    return false
  }

  private mayEnd(): boolean {
    return this.place === 'name' || this.place === 'value' || this.place === 'value-end'
  }

  private next(octet: number): Place {
    switch (this.place) {
      case 'size':
        // BWS may stand before a semicolon, but not at the line's end.
        return octet === SEMICOLON ? 'name-start' : isWhiteSpace(octet) ? 'size' : refuse('chunk-size')
      case 'name-start':
        return isWhiteSpace(octet) ? 'name-start' : isTokenOctet(octet) ? 'name' : refuse()
      case 'name':
        return isTokenOctet(octet) ? 'name' : isWhiteSpace(octet) ? 'behind-name' : behindName(octet)
      case 'behind-name':
        return isWhiteSpace(octet) ? 'behind-name' : behindName(octet)
      case 'value-start':
        return isWhiteSpace(octet)
          ? 'value-start'
          : octet === DQUOTE
            ? 'quoted'
            : isTokenOctet(octet)
              ? 'value'
              : refuse()
      case 'value':
        return isTokenOctet(octet) ? 'value' : behindValue(octet)
      case 'quoted':
        if (octet === BACKSLASH) return 'escape'
        return octet === DQUOTE ? 'value-end' : IS_FIELD_VALUE[octet] === 1 ? 'quoted' : refuse()
      case 'escape':
        return IS_FIELD_VALUE[octet] === 1 ? 'quoted' : refuse()
      case 'value-end':
      case 'behind-value':
        return behindValue(octet)
    }
  }
}

const isTokenOctet = (octet: number): boolean => IS_TOKEN[octet] === 1

function behindName(octet: number): Place {
  return octet === EQUALS ? 'value-start' : octet === SEMICOLON ? 'name-start' : refuse()
}

function behindValue(octet: number): Place {
  return octet === SEMICOLON ? 'name-start' : isWhiteSpace(octet) ? 'behind-value' : refuse()
}

function refuse(rule = 'chunk-extension'): never {
  throw new ProtocolError(400, rule, `Cannot read a chunk line: found an octet that rule "${rule}" does not allow`)
}
