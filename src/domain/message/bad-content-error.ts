/** The content of a request is malformed, such as broken JSON. Answered with 400 when the handler does not catch it. */
export class BadContentError extends SyntaxError {}
