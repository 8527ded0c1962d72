import type { ResponseFields } from './response-fields.js'

/** A reference to a file, not opened yet: the content of a response made by `file()`. It can be sent between threads. */
export interface FileReference {
  readonly kind: 'file'
  /** The path below `root`; without a root, an absolute path or one relative to the working directory. */
  readonly path: string
  /** The folder that the path must not leave; `null` when the handler vouches for the path. */
  readonly root: string | null
  /** Whether `.br` and `.gz` siblings may be sent instead (RFC 9110 §12.5.3). */
  readonly precompressed: boolean
}

/** Content that is produced in pieces. Each piece is sent when it is yielded, as fast as the peer reads. */
export interface StreamedContent {
  readonly kind: 'stream'
  readonly pieces: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>
  /** The length in octets, if it is known in advance; `null` lets the framing mark the end. */
  readonly length: number | null
}

/** The content that a handler may return. Text is sent as UTF-8. */
export type ResponseContent = string | Uint8Array | StreamedContent | FileReference | null

/** Narrows content to the described kind. It looks at the shape, because a plugin may use another copy of the makers. */
export function isOfKind<Content, Kind extends string>(
  content: Content,
  kind: Kind,
): content is Extract<Content, { readonly kind: Kind }> {
  return typeof content === 'object' && content !== null && 'kind' in content && content.kind === kind
}

/**
 * A final response (RFC 9110 §3.4). The server adds the framing and its own fields when it sends the response.
 *
 * Handlers return a response with `ResponseContent`. Before it is sent, the server opens the file that it refers to;
 * from then on its content has another type.
 */
export class Response<Content = ResponseContent> {
  constructor(
    readonly status: number,
    readonly fields: ResponseFields,
    readonly content: Content,
  ) {}
}
