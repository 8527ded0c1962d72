/** The largest request that is accepted. All limits except `fields` count octets. */
export interface Limits {
  /** Request line and field section together; beyond it 431. */
  readonly headOctets: number
  /** Field lines; beyond it 431. */
  readonly fields: number
  /** Request target; beyond it 414. */
  readonly targetLength: number
  /** Content, without its framing; beyond it 413. */
  readonly contentOctets: number
  /** The whole message, with its framing; beyond it 413. */
  readonly requestOctets: number
}

/** No known method is longer; a longer one gets 501 (RFC 9112 §3). */
export const MAX_METHOD_LENGTH = 64

/** Maximum number of empty lines that are skipped before a request line: RFC 9112 §2.2 asks for at least one. */
export const MAX_LEADING_LINES = 4

/** Maximum number of octets in the line of one chunk, size and extensions together; ordinary senders need a dozen. */
export const MAX_CHUNK_LINE = 256

/** Maximum number of octets in a trailer section. */
export const MAX_TRAILER_OCTETS = 4096

/** Octets of framing that a body may have beyond twice its data: limits floods of tiny chunks. */
export const CHUNK_OVERHEAD_ALLOWANCE = 16 * 1024

/** Maximum number of octets of unwanted content that are read and dropped, so that the connection can persist. */
export const MAX_DISCARDED_OCTETS = 64 * 1024
