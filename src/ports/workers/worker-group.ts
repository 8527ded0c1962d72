import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { MetricsCounters, MetricsCounts, WorkersMetrics } from '../operations/metrics.js'

/** What one worker process has counted. */
export interface WorkerCounts {
  /** From 1. */
  readonly worker: number
  readonly pid: number
  readonly counts: MetricsCounts
}

/** What the processes of a service have counted. */
export interface GroupCounts {
  /** Those that serve now, in the order of their numbers. */
  readonly present: readonly WorkerCounts[]
  /** What those had counted that are gone, so that no counter ever falls. */
  readonly gone: readonly MetricsCounters[]
  readonly workers: WorkersMetrics
}

/** The worker processes that share a port, as one of them knows them. */
export interface WorkerGroup {
  /** Number of this process, from 1; 0 when there is no other, and no supervisor. */
  readonly worker: number
  /**
   * What all have counted.
   *
   * @param own what this process has counted
   * @returns within a bounded time: a process that does not answer is left out
   */
  counts(own: MetricsCounts): Promise<GroupCounts>
  /** What is wrong with the crew as a whole, for readiness; `null` when all is well. */
  readonly trouble: Trouble | null
}
