import type { Outcome } from './outcome.js'

/** The phases of a server's life, in order. */
export type Phase = 'starting' | 'running' | 'notice' | 'draining' | 'stopped'

/** How long a drain may take, in milliseconds. */
export interface DrainRules {
  /** How long requests are served as ever, while readiness is red and every response ends its connection. */
  readonly noticeMs: number
  /** When what is left is aborted, counted from the end of the notice. */
  readonly timeoutMs: number
}

/** The phase of a server that was told to drain `elapsedMs` ago. */
export function drainPhase(elapsedMs: number, openConnections: number, rules: DrainRules): Phase {
  if (elapsedMs < rules.noticeMs) return 'notice'
  return openConnections === 0 || isOverdue(elapsedMs, rules) ? 'stopped' : 'draining'
}

/** Whether a drain has taken so long that what is left must be cut. */
export function isOverdue(elapsedMs: number, rules: DrainRules): boolean {
  return elapsedMs >= rules.noticeMs + rules.timeoutMs
}

/**
 * Whether a response may leave its connection open.
 *
 * @param hasNext whether more requests have arrived behind it: they would be lost with the connection, so the last
 *   of them is the one that says `close`
 */
export function mayPersist(phase: Phase, hasNext: boolean): boolean {
  return phase === 'running' || hasNext
}

/**
 * Whether a request is turned away with 503: one whose first octet arrived when the drain had begun.
 *
 * @param begunMs when the request's first octet arrived, on the same clock as `drainingSinceMs`
 * @param drainingSinceMs when the listener was closed, null while it is open
 */
export function isTurnedAway(begunMs: number, drainingSinceMs: number | null): boolean {
  return drainingSinceMs !== null && begunMs >= drainingSinceMs
}

/** What a drain came to: every request that it found or met, by how it ended. */
export interface DrainReport {
  /** Answered whole. */
  readonly finished: number
  /** Turned away with 503. */
  readonly rejected: number
  /** Not answered whole, by the reason; `incomplete`: its head never came to an end. */
  readonly cut: Readonly<Partial<Record<Outcome | 'incomplete', number>>>
}

/** Counts the requests of a drain. */
export class DrainTally {
  private finished = 0
  private rejected = 0
  private readonly cut: Partial<Record<Outcome | 'incomplete', number>> = {}

  /** A request is over; `status` is 0 when no response was begun. */
  note({ outcome, status }: { readonly outcome: Outcome; readonly status: number }): void {
    if (outcome === 'rejected') this.rejected++
    else if (isAnswer(outcome, status)) this.finished++
    else this.noteCut(outcome)
  }

  /** A request was given up; with this reason. */
  noteCut(reason: Outcome | 'incomplete'): void {
    this.cut[reason] = (this.cut[reason] ?? 0) + 1
  }

  report(): DrainReport {
    return { finished: this.finished, rejected: this.rejected, cut: { ...this.cut } }
  }
}

/** A failure or a passed deadline is answered by an error response, or else cuts a response that promised better. */
function isAnswer(outcome: Outcome, status: number): boolean {
  if (outcome === 'failed' || outcome === 'timed-out') return status >= 400
  return outcome === 'completed' || outcome === 'refused'
}
