import type { FieldSection } from './field-section.js'

/** A request as the protocol understands it (RFC 9110 §3.4): its head, read and checked. */
export interface RequestHead {
  readonly method: string
  /** As the peer sent it. */
  readonly target: string
  /** In its normal form; `*` for the asterisk-form. */
  readonly path: string
  /** Raw, without the `?`; `''` when there is none. */
  readonly query: string
  /** Host and port the request is for, in lower case; `''` when an HTTP/1.0 request names none. */
  readonly authority: string
  /** The minor version: 0, or 1 for 1.1 and everything above. */
  readonly minor: number
  readonly fields: FieldSection
  /** Octets of content, 0 without any; `'chunked'` when only decoding can tell. */
  readonly length: number | 'chunked'
  /** Whether the peer waits for `100 Continue` before it sends content. */
  readonly expectsContinue: boolean
  /** Whether the peer is willing to go on using the connection. */
  readonly persists: boolean
}
