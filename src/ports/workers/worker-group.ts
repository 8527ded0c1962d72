import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { MetricsCounters, MetricsCounts, WorkersMetrics } from '../operations/metrics.js'

/** The counts of one worker process. */
export interface WorkerCounts {
  /** Worker number, from 1. */
  readonly worker: number
  readonly pid: number
  readonly counts: MetricsCounts
}

/** The counts of all processes of a service. */
export interface GroupCounts {
  /** Counts of the processes that run now, sorted by worker number. */
  readonly present: readonly WorkerCounts[]
  /** Counters of processes that have ended, so that no counter ever falls. */
  readonly gone: readonly MetricsCounters[]
  readonly workers: WorkersMetrics
}

/** The worker processes that share a port, as one of them sees them. */
export interface WorkerGroup {
  /** Number of this process, from 1; 0 for the only process of a service without a supervisor. */
  readonly worker: number
  /**
   * Collects the counts of all processes.
   *
   * @param own the counts of this process
   * @returns within a bounded time; a process that does not answer appears with its previous report, if it sent one
   */
  counts(own: MetricsCounts): Promise<GroupCounts>
  /** A problem of the whole group, for the readiness check; `null` when there is none. */
  readonly trouble: Trouble | null
}
