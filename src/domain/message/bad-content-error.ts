/** The peer's content is not what it should be; a handler that lets it pass answers 400. */
export class BadContentError extends SyntaxError {}
