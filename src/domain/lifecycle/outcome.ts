/**
 * How an exchange came to its end.
 *
 * - `completed`: the whole response was handed to the transport, whatever its status
 * - `refused`: the request broke the protocol or a limit (a `ProtocolError`)
 * - `failed`: the handler threw, or its content did: 500, or a cut
 * - `timed-out`: the handler's deadline passed (504), or the peer's (408, a cut)
 * - `rejected`: turned away for want of room or because of a drain (503)
 * - `aborted`: the peer left before the response was complete
 * - `cut`: the server gave up on it at the end of a drain
 */
export type Outcome = 'completed' | 'refused' | 'failed' | 'timed-out' | 'rejected' | 'aborted' | 'cut'

export const OUTCOMES: readonly Outcome[] = [
  'completed',
  'refused',
  'failed',
  'timed-out',
  'rejected',
  'aborted',
  'cut',
]
