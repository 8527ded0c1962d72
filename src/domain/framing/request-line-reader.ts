import { ProtocolError } from '../message/protocol-error.js'
import { TLS_HANDSHAKE, tlsOnPlain } from '../tls/wrong-scheme.js'
import { isWhiteSpace } from '../octets/grammar.js'
import { CR, IS_TARGET, IS_TOKEN, LF, SP } from '../octets/octet-classes.js'
import { MAX_LEADING_LINES, MAX_METHOD_LENGTH, type Limits } from './limits.js'

/*
 * Theory of operation: each element of the request line has a state (RFC 9112 §3). Positions are relative to the first
 * octet of the head, so that the caller may move the octets to another buffer between two calls. Each octet is read
 * once, even when the head arrives in many pieces. An error is thrown at the first octet that shows it.
 */

const START = 0 // before the method; empty lines are skipped
const START_LF = 1 // after the CR of an empty line
const METHOD = 2
const TARGET = 3
const VERSION = 4
const LINE_CR = 5 // after the version
const LINE_LF = 6 // after the CR that ends the line
const EARLY_CR = 7 // after a CR that comes too early: an incomplete line, or a bare CR

const VERSION_PREFIX = Uint8Array.of(0x48, 0x54, 0x54, 0x50, 0x2f) // HTTP/
const VERSION_LENGTH = 'HTTP/1.1'.length
const DOT = 0x2e
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

const LAYOUT = 'Cannot read a request line: wanted method SP target SP version CRLF'

const isDigit = (octet: number): boolean => octet >= DIGIT_0 && octet <= DIGIT_9

/** Reads a request line strictly: only `method SP target SP version CRLF` (RFC 9112 §3). */
export class RequestLineReader {
  /** Positions of the elements, relative to the head's first octet; valid once the line is complete. */
  methodFrom = 0
  methodTo = 0
  targetFrom = 0
  targetTo = 0
  /** The minor version: 0 or 1; versions above 1.1 are read as 1.1 (RFC 9110 §2.5). */
  minor = 0

  private state = START
  private at = 0
  private emptyLines = 0
  private major = 0
  private versionFrom = 0
  /** The rule to report when an LF follows a CR that comes too early. */
  private earlyEndRule = ''

  /**
   * @param secure whether the connection is TLS: if not, a TLS handshake instead of a request gets an answer of its own
   */
  constructor(
    private readonly limits: Limits,
    private readonly secure: boolean,
  ) {}

  /** Starts again, for the next head. */
  reset(): void {
    this.state = START
    this.at = 0
    this.emptyLines = 0
  }

  /** Whether an octet of the request has been read; empty lines before it do not count. */
  get begun(): boolean {
    return this.state >= METHOD
  }

  /**
   * Continues where the last call stopped.
   *
   * @param base where the head begins in `octets`
   * @param end where the readable octets end
   * @returns where the line ends (after its LF), relative to `base`; -1 when more octets are needed
   * @throws {ProtocolError} at the first octet that makes the line invalid
   */
  read(octets: Uint8Array, base: number, end: number): number {
    let at = base + this.at
    while (at < end) {
      switch (this.state) {
        case START:
          at = this.start(octets, base, at)
          break
        case START_LF:
          if (octets[at] !== LF) throw bareCr()
          if (++this.emptyLines > MAX_LEADING_LINES) {
            throw new ProtocolError(
              400,
              'leading-crlf',
              `Cannot skip more than ${MAX_LEADING_LINES} empty lines before a request line`,
            )
          }
          this.state = START
          at++
          break
        case METHOD:
          at = this.method(octets, base, at, end)
          break
        case TARGET:
          at = this.target(octets, base, at, end)
          break
        case VERSION:
          at = this.version(octets, base, at, end)
          break
        case LINE_CR:
          if (octets[at] !== CR) return this.misplaced('version-syntax', octets[at]!, at)
          this.state = LINE_LF
          at++
          break
        case LINE_LF:
          if (octets[at] !== LF) throw bareCr()
          return this.complete(at + 1 - base)
        default:
          throw octets[at] === LF ? new ProtocolError(400, this.earlyEndRule, LAYOUT) : bareCr()
      }
    }
    this.at = at - base
    return -1
  }

  private start(octets: Uint8Array, base: number, at: number): number {
    if (octets[at] === CR) {
      this.state = START_LF
      return at + 1
    }
    this.methodFrom = at - base
    this.state = METHOD
    return at
  }

  private method(octets: Uint8Array, base: number, from: number, end: number): number {
    const longest = base + this.methodFrom + MAX_METHOD_LENGTH
    let at = from
    while (at < end && IS_TOKEN[octets[at]!] === 1) {
      if (at++ === longest)
        throw new ProtocolError(501, 'method-unknown', `Cannot serve a method of over ${MAX_METHOD_LENGTH} octets`)
    }
    if (at === end) return at
    if (octets[at] !== SP) return this.badMethod(octets[at]!, base, at)
    this.methodTo = at - base
    if (this.methodTo === this.methodFrom) throw incomplete()
    this.targetFrom = this.methodTo + 1
    this.state = TARGET
    return at + 1
  }

  private badMethod(octet: number, base: number, at: number): number {
    const isFirst = at - base === this.methodFrom
    if (isFirst && octet === TLS_HANDSHAKE && !this.secure) throw tlsOnPlain()
    return this.misplaced('method', octet, at)
  }

  private target(octets: Uint8Array, base: number, from: number, end: number): number {
    const { targetLength } = this.limits
    const longest = base + this.targetFrom + targetLength
    let at = from
    while (at < end && IS_TARGET[octets[at]!] === 1) {
      if (at++ === longest)
        throw new ProtocolError(414, 'target-length', `Cannot take a target of over ${targetLength} octets`)
    }
    if (at === end) return at
    if (octets[at] !== SP) return this.misplaced('target', octets[at]!, at)
    this.targetTo = at - base
    if (this.targetTo === this.targetFrom) throw incomplete()
    this.versionFrom = this.targetTo + 1
    this.state = VERSION
    return at + 1
  }

  private version(octets: Uint8Array, base: number, from: number, end: number): number {
    const versionEnd = base + this.versionFrom + VERSION_LENGTH
    let at = from
    for (; at < end && at < versionEnd; at++) {
      const octet = octets[at]!
      const index = at - base - this.versionFrom
      if (this.takesVersionOctet(index, octet)) continue
      return this.misplaced(index === 0 && octet === CR ? 'request-line' : 'version-syntax', octet, at)
    }
    if (at === versionEnd) this.state = LINE_CR
    return at
  }

  private takesVersionOctet(index: number, octet: number): boolean {
    switch (index) {
      case 5:
        this.major = octet - DIGIT_0
        return isDigit(octet)
      case 6:
        return octet === DOT
      case 7:
        this.minor = octet === DIGIT_0 ? 0 : 1
        return isDigit(octet)
      default:
        return octet === VERSION_PREFIX[index]
    }
  }

  private complete(length: number): number {
    if (this.major !== 1)
      throw new ProtocolError(505, 'version', `Cannot speak HTTP/${this.major}: wanted major version 1`)
    return length
  }

  /** Handles an octet that the element cannot contain; white space and line ends have rules of their own. */
  private misplaced(rule: string, octet: number, at: number): number {
    if (octet === CR) {
      this.state = EARLY_CR
      this.earlyEndRule = rule === 'version-syntax' ? rule : 'request-line'
      return at + 1
    }
    if (octet === LF) throw new ProtocolError(400, 'bare-lf', 'Cannot end a request line: found LF without CR')
    if (isWhiteSpace(octet)) throw incomplete()
    throw new ProtocolError(400, rule, `Cannot read a request line: found octet ${octet} where rule "${rule}" holds`)
  }
}

function incomplete(): ProtocolError {
  return new ProtocolError(400, 'request-line', LAYOUT)
}

function bareCr(): ProtocolError {
  return new ProtocolError(400, 'bare-cr', 'Cannot end a request line: found CR without LF')
}
