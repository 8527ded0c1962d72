import { NO_FIELDS, type FieldSection } from '../message/field-section.js'
import { ProtocolError } from '../message/protocol-error.js'
import type { BodyDecoder } from './body-decoder.js'
import { ChunkExtensions } from './chunk-extensions.js'
import { FieldLinesReader } from './field-lines-reader.js'
import { latin1 } from '../octets/latin1.js'
import { CHUNK_OVERHEAD_ALLOWANCE, MAX_CHUNK_LINE, MAX_TRAILER_OCTETS } from './limits.js'
import { CR, HEX_VALUE, LF } from '../octets/octet-classes.js'
import { permittedTrailers } from './trailers.js'

/*
 * Theory of operation: chunk line, data, CRLF, and again; the trailers follow a chunk of size 0 (RFC 9112 §7.1).
 * Chunk lines are checked octet by octet and not kept. Trailer lines stay in the caller's buffer until the section is
 * complete.
 */

type State = 'size' | 'extensions' | 'line-lf' | 'data' | 'data-cr' | 'data-lf' | 'trailers' | 'done'

const MAX_SIZE_DIGITS = 16

/** Decodes the chunked transfer coding of a body (RFC 9112 §7.1). */
export class ChunkedDecoder implements BodyDecoder {
  piece: Buffer | null = null
  trailers: FieldSection = NO_FIELDS
  readonly remaining = null

  private state: State = 'size'
  private digits = 0
  private chunkRemaining = 0
  private lineLength = 0
  /** Octets of data that all chunk lines so far announced. */
  private announced = 0
  /** Octets of framing that were read so far. */
  private framing = 0
  private readonly extensions = new ChunkExtensions()
  private readonly trailerLines: FieldLinesReader

  /**
   * @param maxContent maximum number of octets of decoded content
   * @param maxFramed maximum number of octets of content and framing together
   * @param maxTrailerLines maximum number of field lines in the trailers
   */
  constructor(
    private readonly maxContent: number,
    private readonly maxFramed: number,
    maxTrailerLines: number,
  ) {
    this.trailerLines = new FieldLinesReader(maxTrailerLines)
  }

  get done(): boolean {
    return this.state === 'done'
  }

  read(octets: Buffer, from: number, to: number): number {
    this.piece = null
    let at = from
    while (at < to) {
      switch (this.state) {
        case 'size':
          this.takeSize(octets[at++]!)
          break
        case 'extensions':
          this.takeExtension(octets[at++]!)
          break
        case 'line-lf':
          this.endLine(octets[at++]!)
          break
        case 'data':
          return this.takeData(octets, at, to)
        case 'data-cr':
          this.expect(octets[at++]!, CR, 'data-lf')
          break
        case 'data-lf':
          this.expect(octets[at++]!, LF, 'size')
          break
        case 'trailers':
          return this.takeTrailers(octets, at, to)
        case 'done':
          return at
      }
    }
    return at
  }

  private takeSize(octet: number): void {
    const digit = HEX_VALUE[octet]!
    this.lineLength++
    if (digit < 16) {
      this.chunkRemaining = this.chunkRemaining * 16 + digit
      if (++this.digits > MAX_SIZE_DIGITS || this.chunkRemaining > Number.MAX_SAFE_INTEGER) throw badSize()
      return
    }
    if (octet === LF) throw new ProtocolError(400, 'bare-lf', 'Cannot end a chunk line: found LF without CR')
    if (this.digits === 0) throw badSize()
    if (octet === CR) {
      this.state = 'line-lf'
      return
    }
    this.state = 'extensions'
    this.extensions.reset()
    this.extensions.take(octet)
  }

  private takeExtension(octet: number): void {
    if (++this.lineLength > MAX_CHUNK_LINE) {
      throw new ProtocolError(400, 'chunk-extension', `Cannot take a chunk line of over ${MAX_CHUNK_LINE} octets`)
    }
    if (this.extensions.take(octet)) this.state = 'line-lf'
  }

  private endLine(octet: number): void {
    if (octet !== LF) throw new ProtocolError(400, 'bare-cr', 'Cannot end a chunk line: found CR without LF')
    this.framing += this.lineLength + 1
    this.announced += this.chunkRemaining
    this.checkLimits()
    this.state = this.chunkRemaining > 0 ? 'data' : 'trailers'
    if (this.state === 'trailers') this.trailerLines.begin(0)
    this.digits = 0
    this.lineLength = 0
  }

  private checkLimits(): void {
    if (this.announced > this.maxContent || this.announced + this.framing > this.maxFramed) {
      throw new ProtocolError(413, 'content-too-large', `Cannot take content of over ${this.maxContent} octets`)
    }
    if (this.framing > CHUNK_OVERHEAD_ALLOWANCE + 2 * this.announced) {
      throw new ProtocolError(400, 'chunk-overhead', 'Cannot take chunks whose framing outweighs their data')
    }
  }

  private takeData(octets: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + this.chunkRemaining)
    this.piece = octets.subarray(from, end)
    this.chunkRemaining -= end - from
    if (this.chunkRemaining === 0) this.state = 'data-cr'
    return end
  }

  private expect(octet: number, wanted: number, next: State): void {
    if (octet !== wanted) throw new ProtocolError(400, 'chunk-end', 'Cannot read a chunk: wanted CRLF after its data')
    this.framing++
    this.state = next
  }

  private takeTrailers(octets: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + MAX_TRAILER_OCTETS)
    const length = this.readTrailers(octets, from, end)
    if (length === -1) {
      if (end < to) throw new ProtocolError(431, 'trailer', `Cannot take trailers of over ${MAX_TRAILER_OCTETS} octets`)
      return from
    }
    this.trailers = permittedTrailers(this.trailerLines.section(latin1(octets, from, from + length)))
    this.state = 'done'
    return from + length
  }

  /** Reads field lines as in a head, except that a broken line is reported under the rule `trailer`. */
  private readTrailers(octets: Buffer, from: number, end: number): number {
    try {
      return this.trailerLines.read(octets, from, end)
    } catch (error) {
      if (!(error instanceof ProtocolError) || error.rule.startsWith('bare-')) throw error
      throw new ProtocolError(error.status, 'trailer', error.message)
    }
  }
}

function badSize(): ProtocolError {
  return new ProtocolError(
    400,
    'chunk-size',
    `Cannot read a chunk size: wanted 1 to ${MAX_SIZE_DIGITS} hexadecimal digits worth at most 2^53-1`,
  )
}
