/**
 * A peer broke the protocol or exceeded a limit; the only error that framing throws.
 *
 * It carries the status of its response, so that one place can answer every such error. The detail is for our log. The
 * peer gets the status, its reason phrase and the advice, and nothing of what it sent. After such an error, the
 * connection reads no further request.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'

  /**
   * @param status the response status, 4xx or 5xx
   * @param rule the name of the broken rule in metrics and logs, such as `bare-lf`
   * @param detail the message: what failed, the state found and the state wanted
   * @param advice a sentence for the peer, which repeats nothing that the peer sent; null for none
   */
  constructor(
    readonly status: number,
    readonly rule: string,
    detail: string,
    readonly advice: string | null = null,
  ) {
    super(detail)
  }
}
