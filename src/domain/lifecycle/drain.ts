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
 * The rules for a server that is retired: another worker process has taken its place. Its door is closed at once, and
 * nobody is turned away: it gives notice for as long as a drain may take, and drains what is left then.
 */
export function retirementRules({ timeoutMs }: DrainRules): DrainRules {
  return { noticeMs: timeoutMs, timeoutMs }
}

/**
 * The phase of a server that was retired `elapsedMs` ago: nobody new comes, so that its notice ends with its last
 * connection.
 *
 * @param openConnections those on their way from the door among them
 * @param rules as `reliefRules` gives them
 */
export function retirementPhase(elapsedMs: number, openConnections: number, rules: DrainRules): Phase {
  return openConnections === 0 ? 'stopped' : drainPhase(elapsedMs, openConnections, rules)
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

/**
 * Why a request was not answered whole. `incomplete`: its head never came to an end; `lost`: its worker process died, and
 * nobody knows how many requests with it, so that each such process counts as one.
 */
export type CutReason = Outcome | 'incomplete' | 'lost'

/** What a drain came to: every request that it found or met, by how it ended. */
export interface DrainReport {
  /** Answered whole. */
  readonly finished: number
  /** Turned away with 503. */
  readonly rejected: number
  /** Not answered whole, by the reason. */
  readonly cut: Readonly<Partial<Record<CutReason, number>>>
}

/** Whether any request was not answered for our part: a peer that left has asked for nothing more. */
export function hasCut({ cut }: DrainReport): boolean {
  return Object.keys(cut).some((reason) => reason !== 'aborted')
}

/** The sum of several drains, such as those of all worker processes. */
export function mergeReports(reports: readonly DrainReport[]): DrainReport {
  const cut: Partial<Record<CutReason, number>> = {}
  let finished = 0
  let rejected = 0
  for (const report of reports) {
    finished += report.finished
    rejected += report.rejected
    for (const [reason, count] of Object.entries(report.cut) as [CutReason, number][])
      cut[reason] = (cut[reason] ?? 0) + count
  }
  return { finished, rejected, cut }
}

/** Counts the requests of a drain. */
export class DrainTally {
  private finished = 0
  private rejected = 0
  private readonly cut: Partial<Record<CutReason, number>> = {}

  /** A request is over; `status` is 0 when no response was begun. */
  note({ outcome, status }: { readonly outcome: Outcome; readonly status: number }): void {
    if (outcome === 'rejected') this.rejected++
    else if (isAnswer(outcome, status)) this.finished++
    else this.noteCut(outcome)
  }

  /** A request was given up; with this reason. */
  noteCut(reason: CutReason): void {
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
