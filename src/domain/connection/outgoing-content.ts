import { LAST_CHUNK, chunkLine, type ResponseFraming } from '../framing/head-writer.js'
import { NumberedLines } from '../framing/numbered-lines.js'
import { ContentError } from '../message/content-error.js'
import { forbidsContent } from '../message/status.js'

const LENGTH_LINES = new NumberedLines('Content-Length: ')
const CHUNKED_LINE = 'Transfer-Encoding: chunked\r\n'

/**
 * The state of a connection that sends a response: how the content is framed, and how much of its declared length is
 * still to be sent (RFC 9112 §6). A connection has one of these and begins it anew for each response, so that a response
 * allocates nothing here.
 */
export class OutgoingContent {
  readonly at = 'sending'
  framing: ResponseFraming = 'none'
  private owedOctets = 0

  /**
   * Decides how the content of a response is framed (RFC 9112 §6.3).
   *
   * @param length octets of content, null when only its end can tell; for a response to HEAD: the length that GET gets
   * @param minor the minor version of the request
   * @param isHead whether the request's method is HEAD: the framing is announced, but no content is sent
   * @returns the field line that announces the framing, ended by CRLF; `''` when none is needed
   */
  begin(status: number, length: number | null, minor: number, isHead: boolean): string {
    const framing = framingOf(status, length, minor)
    this.framing = isHead ? 'none' : framing
    this.owedOctets = length ?? 0
    if (framing === 'length') return LENGTH_LINES.of(length!)
    return framing === 'chunked' ? CHUNKED_LINE : ''
  }

  /**
   * Accounts for a piece of content that is about to be sent.
   *
   * @param octets how many, more than 0
   * @returns the text to send before it; `CHUNK_END` follows it when the framing is chunked
   * @throws {ContentError} when the content runs over its declared length
   */
  piece(octets: number): string {
    if (this.framing === 'chunked') return chunkLine(octets)
    if (this.framing === 'length') {
      this.owedOctets -= octets
      if (this.owedOctets < 0) throw new ContentError('Cannot send content that runs over its declared length')
    }
    return ''
  }

  /**
   * Ends the content.
   *
   * @returns the text to send after it
   * @throws {ContentError} when the content ended before its declared length
   */
  finish(): string {
    if (this.framing === 'length' && this.owedOctets > 0) {
      throw new ContentError(`Cannot end content ${this.owedOctets} octets before its declared length`)
    }
    return this.framing === 'chunked' ? LAST_CHUNK : ''
  }
}

function framingOf(status: number, length: number | null, minor: number): ResponseFraming {
  if (forbidsContent(status)) return 'none'
  if (length !== null) return 'length'
  return minor === 0 ? 'close' : 'chunked'
}
