import type { ResponseFields } from './response-fields.js'

/** A file to be sent, described, not opened: what the `file` maker gives, and all that crosses to another thread. */
export interface FileReference {
  readonly kind: 'file'
  /** The path below `root`, or from the working directory where there is none. */
  readonly path: string
  /** The folder that the path must not leave, `null` when the handler vouches for the path itself. */
  readonly root: string | null
  /** Whether `.br` and `.gz` siblings may be sent in its place (RFC 9110 §12.5.3). */
  readonly precompressed: boolean
}

/** Content that comes in pieces; each leaves when it is yielded, as fast as the peer reads. */
export interface StreamedContent {
  readonly kind: 'stream'
  readonly pieces: AsyncIterable<Uint8Array | string> | Iterable<Uint8Array | string>
  /** Octets in all where that is known, `null` to let the framing tell the end. */
  readonly length: number | null
}

/** Octets of an open file, to be sent in the order of a response. */
export interface FilePart {
  readonly descriptor: number
  /** Where in the file it begins, in octets. */
  readonly offset: number
  /** How many octets; exactly these are sent, or the connection is aborted. */
  readonly length: number
  /** Called once, when the transport needs the descriptor no more; with an error when not all octets were sent. */
  released(error: Error | null): void
}

/** Content whose parts are at hand: pieces of open files and the text between them. */
export interface FileContent {
  readonly kind: 'parts'
  /** Octets of all parts together. */
  readonly length: number
  /** Text is latin1. */
  readonly parts: readonly (string | FilePart)[]
  /** Gives back what the parts hold when none of them will be sent: a HEAD request, or a peer that left. */
  discard(): void
}

/** Content that is described, to be told by its kind. */
export type DescribedContent = StreamedContent | FileReference | FileContent

/** Text is sent as UTF-8. */
export type ResponseContent = string | Uint8Array | DescribedContent | null

/** Whether content is of a described kind; by shape, since a plugin may have another copy of the makers. */
export function isOfKind<Kind extends DescribedContent['kind']>(
  content: ResponseContent,
  kind: Kind,
): content is Extract<DescribedContent, { kind: Kind }> {
  return content !== null && typeof content === 'object' && 'kind' in content && content.kind === kind
}

/** What a handler answers (RFC 9110 §3.4); framing and the server's own fields are added when it is sent. */
export class Response {
  constructor(
    readonly status: number,
    readonly fields: ResponseFields,
    readonly content: ResponseContent,
  ) {}
}
