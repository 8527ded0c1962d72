import type { FieldSection } from './field-section.js'

/** The head of a request, read and checked (RFC 9110 §3.4): the protocol has no objection to it. */
export interface RequestHead {
  readonly method: string
  /** As the peer sent it. */
  readonly target: string
  /** In its normal form; `*` for the asterisk-form. */
  readonly path: string
  /** As the peer sent it, without the `?`; `''` when there is none. */
  readonly query: string
  /** Host and port that the request is for, in lower case; `''` when an HTTP/1.0 request names none. */
  readonly authority: string
  /** The minor version: 0, or 1 for 1.1 and everything above. */
  readonly minor: number
  readonly fields: FieldSection
  /** Octets of content, 0 without any; `'chunked'` when only decoding can tell. */
  readonly length: number | 'chunked'
  /** Whether the peer waits for `100 Continue` before it sends content, and this server answers that. */
  readonly expectsContinue: boolean
  /** Whether the peer is willing to use the connection for another request. */
  readonly persists: boolean
}
