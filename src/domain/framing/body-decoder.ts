import { NO_FIELDS, type FieldSection } from '../message/field-section.js'

/** Takes the framing off a message body, piece by piece. */
export interface BodyDecoder {
  /**
   * Reads up to the end of one piece of content, of the body, or of the octets.
   *
   * @param from where the unread octets begin in `octets`
   * @param to where they end
   * @returns where the octets that are done with end; those behind must be there again in the next call
   * @throws {ProtocolError} when the framing is broken or a limit passed
   */
  read(octets: Buffer, from: number, to: number): number
  /** The content that the last call found, a view of its octets; `null` without any. */
  readonly piece: Buffer | null
  readonly done: boolean
  /** Octets that are sure to follow; `null` when only decoding can tell. */
  readonly remaining: number | null
  /** Complete when the body is done. */
  readonly trailers: FieldSection
}

/** A body of known length (RFC 9112 §6.3 item 6). */
export class LengthDecoder implements BodyDecoder {
  piece: Buffer | null = null
  readonly trailers = NO_FIELDS

  /** @param remaining octets to come */
  constructor(public remaining: number) {}

  get done(): boolean {
    return this.remaining === 0
  }

  read(octets: Buffer, from: number, to: number): number {
    const end = Math.min(to, from + this.remaining)
    this.piece = end > from ? octets.subarray(from, end) : null
    this.remaining -= end - from
    return end
  }
}
