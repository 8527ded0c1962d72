import { RESTART_RULES, type RestartRules } from '../../../domain/workers/restart-back-off.js'

/** How long things may take in the thread pool, in milliseconds. Tests pass shorter times. */
export interface ThreadpoolTimings {
  /** Interval at which the watch checks all threads while requests are in flight. */
  readonly watchMs: number
  /** A thread that has not begun a request this long after it was sent is stuck, and so is one that ignores a probe. */
  readonly beginMs: number
  /** A thread that has requests and has sent nothing for this long is probed. */
  readonly silenceMs: number
  /** How long a thread may take to react when one of its requests is aborted. */
  readonly graceMs: number
  /** Interval at which threads are probed while no request is in flight. */
  readonly idleProbeMs: number
  /** How long a thread may take to start. */
  readonly startMs: number
  /** How long threads may take to stop their plugins. */
  readonly stopMs: number
  /** How long threads may take to end after that. */
  readonly endMs: number
  /** How long there may be no ready thread before readiness reports it: a replacement is usually ready earlier. */
  readonly noThreadMs: number
  /** Interval at which changes of the service's state are sent to the threads. */
  readonly stateMs: number
  /** When lost threads are replaced. */
  readonly restart: RestartRules
}

/** The timings of a server. */
export const DEFAULT_TIMINGS: ThreadpoolTimings = {
  watchMs: 10,
  beginMs: 30,
  silenceMs: 50,
  graceMs: 1000,
  idleProbeMs: 1000,
  startMs: 60_000,
  stopMs: 5000,
  endMs: 500,
  noThreadMs: 2000,
  stateMs: 250,
  restart: RESTART_RULES,
}
