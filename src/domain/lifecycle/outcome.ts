/**
 * How an exchange ended. A request is refused because it breaks the protocol or a limit, and rejected because the server
 * lacks the capacity for it. (The metric `rejections` counts both, by the rule that was the reason.)
 *
 * - `completed`: the transport received the whole response, whatever its status
 * - `refused`: the request broke the protocol or a limit (a `ProtocolError`)
 * - `failed`: the handler or its content threw: 500, or the connection was aborted
 * - `timed-out`: the handler exceeded its deadline (504), or the peer did (408, or the connection was aborted)
 * - `rejected`: the server was full or draining (503)
 * - `aborted`: the peer disconnected before the response was complete
 * - `cut`: the server aborted it at the end of a drain
 */
export type Outcome = 'completed' | 'refused' | 'failed' | 'timed-out' | 'rejected' | 'aborted' | 'cut'

/** All outcomes, in the order in which they are shown. */
export const OUTCOMES: readonly Outcome[] = [
  'completed',
  'refused',
  'failed',
  'timed-out',
  'rejected',
  'aborted',
  'cut',
]
