/** A handler's content broke its promise: it ended early or ran over its declared length. The connection must be cut. */
export class ContentError extends Error {
  override readonly name = 'ContentError'
}
