import type { Phase } from './drain.js'

/**
 * What keeps a running server from serving well: handler threads or worker processes that die as soon as they start, or no
 * handler thread that is ready.
 */
export type Trouble = 'threads crash' | 'no thread' | 'workers crash'

/** What readiness is judged by. */
export interface ServiceState {
  readonly phase: Phase
  /** Another worker process has taken this one's place. */
  readonly isRetired: boolean
  readonly troubles: readonly Trouble[]
}

/**
 * Why a server wants no new requests: its phase, or its troubles; null when it does want them.
 *
 * One that is retired speaks for the service, not for itself: who asks it over a connection that is still open would
 * else take the service to be down during every rolling restart.
 */
export function unreadyReason({ phase, isRetired: isRetired, troubles }: ServiceState): string | null {
  if (phase !== 'running' && !isRetired) return phase
  return troubles.length === 0 ? null : troubles.join(', ')
}
