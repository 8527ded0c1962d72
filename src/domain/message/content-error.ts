/** The content of a response was shorter or longer than its declared length. The connection must be aborted. */
export class ContentError extends Error {
  override readonly name = 'ContentError'
}
