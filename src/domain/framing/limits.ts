/** How much of a request we are willing to read. All but `fields` in octets. */
export interface Limits {
  /** Request line and field section together. */
  readonly headOctets: number
  /** Field lines. */
  readonly fields: number
  readonly targetLength: number
  /** Content, decoded. */
  readonly contentOctets: number
  /** The whole message as framed. */
  readonly requestOctets: number
}

/** A longer method is none that anyone knows (RFC 9112 §3: 501). */
export const MAX_METHOD_LENGTH = 64

/** Empty lines skipped before a request line: RFC 9112 §2.2 asks for one at least. */
export const MAX_LEADING_LINES = 4

/** Size and extensions of one chunk; honest senders need a dozen octets. */
export const MAX_CHUNK_LINE = 256

export const MAX_TRAILER_OCTETS = 4096

/** Framing octets that chunks may cost beyond twice their data: a bound for floods of tiny chunks. */
export const CHUNK_OVERHEAD_ALLOWANCE = 16 * 1024

/** Content that nobody asked for is read and dropped up to here so that the connection can persist. */
export const MAX_DISCARDED_OCTETS = 64 * 1024
