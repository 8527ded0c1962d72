import type { BodyDecoder } from '../framing/body-decoder.js'
import { LengthDecoder } from '../framing/body-decoder.js'
import { ChunkedDecoder } from '../framing/chunked-decoder.js'
import { MAX_DISCARDED_OCTETS, type Limits } from '../framing/limits.js'
import type { FieldSection } from '../message/field-section.js'
import type { Inbox } from './inbox.js'

/** The state of a connection that reads the content of a request (RFC 9112 §6). */
export class IncomingContent {
  readonly at = 'content'
  private readonly decoder: BodyDecoder
  private discarded = 0

  /**
   * @param length octets of content, more than 0, or `'chunked'`
   * @param headLength octets of the head: they count for the limit of the whole request
   * @param expectsContinue whether the peer waits for `100 Continue` (RFC 9110 §10.1.1); false once it need not any more
   */
  constructor(
    length: number | 'chunked',
    headLength: number,
    limits: Limits,
    public expectsContinue: boolean,
  ) {
    const { contentOctets, requestOctets, fields } = limits
    this.decoder =
      length === 'chunked'
        ? new ChunkedDecoder(contentOctets, requestOctets - headLength, fields)
        : new LengthDecoder(length)
  }

  /** Whether all of the content has been read, its trailers included. */
  get done(): boolean {
    return this.decoder.done
  }

  /** Octets that are still to come; `null` when only decoding can tell. */
  get remaining(): number | null {
    return this.decoder.remaining
  }

  /** Complete when the content is. */
  get trailers(): FieldSection {
    return this.decoder.trailers
  }

  /**
   * Reads the next piece of content, a view of the inbox's octets.
   *
   * @returns null when the unread octets hold no content
   * @throws {ProtocolError} when the framing is broken or a limit is exceeded
   */
  read(inbox: Inbox): Buffer | null {
    const { decoder } = this
    if (decoder.done) return null
    const { from } = inbox
    inbox.from = decoder.read(inbox.octets, from, inbox.to)
    // A peer that sends content does not wait for permission any more.
    if (inbox.from > from) this.expectsContinue = false
    return decoder.piece
  }

  /**
   * Counts content that nobody reads.
   *
   * @param octets how many were dropped
   * @returns false once more was dropped than the next request on the connection is worth
   */
  discard(octets: number): boolean {
    this.discarded += octets
    return this.discarded <= MAX_DISCARDED_OCTETS
  }
}
