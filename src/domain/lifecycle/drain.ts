import type { Outcome } from './outcome.js'

/** The phases of a server's life, in order. */
export type Phase = 'starting' | 'running' | 'notice' | 'draining' | 'stopped'

/** The duration of a drain, in milliseconds. */
export interface DrainRules {
  /** Notice: requests are still served, but readiness fails and every response closes its connection. */
  readonly noticeMs: number
  /** Time after the notice until the remaining requests are aborted. */
  readonly timeoutMs: number
}

/** The phase of a server `elapsedMs` after its drain began. */
export function drainPhase(elapsedMs: number, openConnections: number, rules: DrainRules): Phase {
  if (elapsedMs < rules.noticeMs) return 'notice'
  return openConnections === 0 || isOverdue(elapsedMs, rules) ? 'stopped' : 'draining'
}

/** Whether a drain has taken too long, so that the remaining requests must be cut off. */
export function isOverdue(elapsedMs: number, rules: DrainRules): boolean {
  return elapsedMs >= rules.noticeMs + rules.timeoutMs
}

/**
 * Drain rules for a worker that a new generation has replaced.
 *
 * It accepts no new connections, but keeps answering requests on the connections it has, with `Connection: close`, for
 * `timeoutMs`; after that it drains like any other server.
 */
export function retirementRules({ timeoutMs }: DrainRules): DrainRules {
  return { noticeMs: timeoutMs, timeoutMs }
}

/**
 * The phase of a worker `elapsedMs` after it was retired. It accepts no new connections, so that its notice ends with
 * its last connection.
 *
 * @param openConnections includes connections that were accepted but have not reached the worker yet
 * @param rules from `retirementRules`
 */
export function retirementPhase(elapsedMs: number, openConnections: number, rules: DrainRules): Phase {
  return openConnections === 0 ? 'stopped' : drainPhase(elapsedMs, openConnections, rules)
}

/**
 * Whether a response may leave its connection open.
 *
 * @param hasNextRequest whether the next request has arrived already: it would be lost with the connection, so that only
 *   the response to the last request says `close`
 */
export function mayPersist(phase: Phase, hasNextRequest: boolean): boolean {
  return phase === 'running' || hasNextRequest
}

/**
 * Whether a request is rejected with 503, because its first octet arrived after the drain began.
 *
 * @param begunMs time at which the first octet arrived, on the same clock as `drainingSinceMs`
 * @param drainingSinceMs time at which the listener was closed, null while it is open
 */
export function isRejected(begunMs: number, drainingSinceMs: number | null): boolean {
  return drainingSinceMs !== null && begunMs >= drainingSinceMs
}

/**
 * The reason why a request was not answered completely. `incomplete`: its head was never completed. `lost`: its worker
 * process died; since the number of its requests is unknown, each such process counts as one request.
 */
export type CutReason = Outcome | 'incomplete' | 'lost'

/** The result of a drain: how many requests, from its begin to its end, ended in which way. */
export interface DrainReport {
  /** Answered completely. */
  readonly finished: number
  /** Rejected with 503. */
  readonly rejected: number
  /** Not answered completely, by reason. */
  readonly cut: Readonly<Partial<Record<CutReason, number>>>
}

/** Whether the server failed to answer any request. A peer that disconnected (`aborted`) does not count. */
export function hasCut({ cut }: DrainReport): boolean {
  return Object.keys(cut).some((reason) => reason !== 'aborted')
}

/** Adds up several reports, such as those of all worker processes. */
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

  /** Counts a request that is over; `status` is 0 when no response was begun. */
  note({ outcome, status }: { readonly outcome: Outcome; readonly status: number }): void {
    if (outcome === 'rejected') this.rejected++
    else if (isAnswer(outcome, status)) this.finished++
    else this.noteCut(outcome)
  }

  /** Counts a request that was not answered completely. */
  noteCut(reason: CutReason): void {
    this.cut[reason] = (this.cut[reason] ?? 0) + 1
  }

  /** The counts so far. */
  report(): DrainReport {
    return { finished: this.finished, rejected: this.rejected, cut: { ...this.cut } }
  }
}

/**
 * Whether a request was answered. After a failure or a timeout only an error response counts; another one was cut off.
 */
function isAnswer(outcome: Outcome, status: number): boolean {
  if (outcome === 'failed' || outcome === 'timed-out') return status >= 400
  return outcome === 'completed' || outcome === 'refused'
}
