import type { Phase } from './drain.js'

/**
 * A problem of a running server: handler threads or worker processes die as soon as they start, or no handler thread is
 * ready.
 */
export type Trouble = 'threads crash' | 'no thread' | 'workers crash'

/** The facts that decide readiness. */
export interface ServiceState {
  readonly phase: Phase
  /** Whether another worker process has replaced this one. */
  readonly isRetired: boolean
  readonly troubles: readonly Trouble[]
}

/**
 * The reason why a server is not ready for new requests: its phase or its troubles; null when it is ready.
 *
 * A retired worker answers for the service and not for itself: a health check on a connection that is still open would
 * otherwise report the service as down during every rolling restart.
 */
export function unreadyReason({ phase, isRetired, troubles }: ServiceState): string | null {
  if (phase !== 'running' && !isRetired) return phase
  return troubles.length === 0 ? null : troubles.join(', ')
}
