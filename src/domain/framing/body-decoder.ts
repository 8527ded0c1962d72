import { NO_FIELDS, type FieldSection } from '../message/field-section.js'

/** Removes the framing from a message body, piece by piece (RFC 9112 §6, §7). */
export interface BodyDecoder {
  /**
   * Reads until the end of one piece of content, of the body, or of the octets, whichever comes first.
   *
   * @param from where the unread octets begin in `octets`
   * @param to where they end
   * @returns where the octets that were used end; pass those after it again in the next call
   * @throws {ProtocolError} when the framing is broken or a limit is exceeded
   */
  read(octets: Buffer, from: number, to: number): number
  /** The content that the last call found, a view of its octets; `null` when it found none. */
  readonly piece: Buffer | null
  /** Whether the body is complete. */
  readonly done: boolean
  /** Octets of content still to come; `null` when only decoding can tell. */
  readonly remaining: number | null
  /** The trailer fields, known once `done` is true. */
  readonly trailers: FieldSection
}

/** Reads a body of known length (RFC 9112 §6.3 item 6). */
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
