import type { Response, StreamedContent } from '../../domain/message/response.js'
import type { FilePart } from '../../ports/serving/file-part.js'

/** Content from an open file: ranges of it and the text between them. */
export interface FileContent {
  readonly kind: 'parts'
  /** Octets of all parts together. */
  readonly length: number
  /** Text is latin1. */
  readonly parts: readonly (string | FilePart)[]
  /** Closes the file when no part will be sent: for a HEAD request, or when the peer has disconnected. */
  discard(): void
}

/** Content that can be sent: files are open. */
export type SendableContent = string | Uint8Array | StreamedContent | FileContent | null

/** A response that can be sent. Handlers return a `Response` with `ResponseContent`; its file reference is opened first. */
export type SendableResponse = Response<SendableContent>
