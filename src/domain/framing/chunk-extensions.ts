import { ProtocolError } from '../message/protocol-error.js'
import { isWhiteSpace } from '../octets/grammar.js'
import { CR, IS_FIELD_VALUE, IS_TOKEN, LF } from '../octets/octet-classes.js'

const SEMICOLON = 0x3b
const EQUALS = 0x3d
const DQUOTE = 0x22
const BACKSLASH = 0x5c

type State =
  | 'size'
  | 'name-start'
  | 'name'
  | 'after-name'
  | 'value-start'
  | 'value'
  | 'quoted'
  | 'escape'
  | 'value-end'
  | 'after-value'

/**
 * Checks the extensions of a chunk line (RFC 9112 §7.1.1), which we recognize and ignore.
 *
 * The check is strict: a server that skips anything after the semicolon may find the end of the line elsewhere than a
 * proxy does, and read a request that the proxy did not see.
 */
export class ChunkExtensions {
  private state: State = 'size'

  /** Starts again, after the size of the next chunk. */
  reset(): void {
    this.state = 'size'
  }

  /**
   * Takes one octet of the chunk line, after the chunk size.
   *
   * @returns true for the CR that ends the line
   * @throws {ProtocolError} 400 for an octet that the grammar does not allow
   */
  take(octet: number): boolean {
    if (octet === CR && this.mayEnd()) return true
    if (octet === LF && this.state !== 'quoted' && this.state !== 'escape') {
      throw new ProtocolError(400, 'bare-lf', 'Cannot end a chunk line: found LF without CR')
    }
    this.state = this.next(octet)
    return false
  }

  private mayEnd(): boolean {
    return this.state === 'name' || this.state === 'value' || this.state === 'value-end'
  }

  private next(octet: number): State {
    switch (this.state) {
      case 'size':
        // White space may come before a semicolon, but not before the end of the line.
        return octet === SEMICOLON ? 'name-start' : isWhiteSpace(octet) ? 'size' : refuse('chunk-size')
      case 'name-start':
        return isWhiteSpace(octet) ? 'name-start' : isTokenOctet(octet) ? 'name' : refuse()
      case 'name':
        return isTokenOctet(octet) ? 'name' : isWhiteSpace(octet) ? 'after-name' : afterName(octet)
      case 'after-name':
        return isWhiteSpace(octet) ? 'after-name' : afterName(octet)
      case 'value-start':
        return isWhiteSpace(octet)
          ? 'value-start'
          : octet === DQUOTE
            ? 'quoted'
            : isTokenOctet(octet)
              ? 'value'
              : refuse()
      case 'value':
        return isTokenOctet(octet) ? 'value' : afterValue(octet)
      case 'quoted':
        if (octet === BACKSLASH) return 'escape'
        return octet === DQUOTE ? 'value-end' : IS_FIELD_VALUE[octet] === 1 ? 'quoted' : refuse()
      case 'escape':
        return IS_FIELD_VALUE[octet] === 1 ? 'quoted' : refuse()
      case 'value-end':
      case 'after-value':
        return afterValue(octet)
    }
  }
}

const isTokenOctet = (octet: number): boolean => IS_TOKEN[octet] === 1

function afterName(octet: number): State {
  return octet === EQUALS ? 'value-start' : octet === SEMICOLON ? 'name-start' : refuse()
}

function afterValue(octet: number): State {
  return octet === SEMICOLON ? 'name-start' : isWhiteSpace(octet) ? 'after-value' : refuse()
}

function refuse(rule = 'chunk-extension'): never {
  throw new ProtocolError(400, rule, `Cannot read a chunk line: found an octet that rule "${rule}" does not allow`)
}
