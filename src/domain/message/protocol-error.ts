/**
 * What the peer sent breaks the protocol: the one error that framing throws.
 *
 * It knows its answer, so that one place turns it into a response. The detail is for our log; the peer gets status and
 * reason, where it helps a sentence of ours, and nothing of what it sent. After a refusal the connection reads no further
 * request.
 */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError'

  /**
   * @param status the response status, 4xx or 5xx
   * @param rule the name under which the rejection is counted, such as `bare-lf`
   * @param detail what could not be done: the state found and the state wanted
   * @param advice a sentence for the peer, written by us alone: it repeats nothing that the peer sent
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
