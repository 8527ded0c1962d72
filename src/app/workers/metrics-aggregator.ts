import type { Clock } from '../../ports/operations/clock.js'
import type { GroupCounts } from '../../ports/workers/worker-group.js'
import type { MetricsCounters, MetricsCounts, WorkersMetrics } from '../../ports/operations/metrics.js'
import { PendingAnswers } from '../pending-answers.js'
import type { WorkerHandle } from './worker-handle.js'
import { summedCounters } from '../server/merged-metrics.js'

/** Time for a worker to report its counts; without an answer its previous report is used. */
const ANSWER_TIMEOUT_MS = 1000

/**
 * Collects the counts of all workers. A worker that has died keeps its last report in the sum, so that no counter ever
 * falls.
 */
export class MetricsAggregator {
  private readonly workers = new Set<WorkerHandle>()
  /** Sum of the counters of workers that have died; empty until one has. */
  private gone: readonly MetricsCounters[] = []
  private queries = 0
  /** The workers that have yet to answer, by query. */
  private readonly answers = new Map<number, PendingAnswers<WorkerHandle, void>>()

  /** @param metrics answers the state of the worker group */
  constructor(
    private readonly clock: Clock,
    private readonly metrics: () => WorkersMetrics,
    private readonly timeoutMs = ANSWER_TIMEOUT_MS,
  ) {}

  /** A worker is ready: its counts belong to the sum from now on. */
  add(worker: WorkerHandle): void {
    this.workers.add(worker)
  }

  /** Forgets a worker that has died; its last report stays in the sum. */
  remove(worker: WorkerHandle): void {
    this.workers.delete(worker)
    if (worker.counts !== null) this.gone = [summedCounters([...this.gone, worker.counts.counters])]
    for (const answers of this.answers.values()) answers.resolve(worker, undefined)
  }

  /** A worker has reported its counts. */
  counted(worker: WorkerHandle, query: number, counts: MetricsCounts): void {
    worker.counts = counts
    this.answers.get(query)?.resolve(worker, undefined)
  }

  /** Answers a worker that asks for the counts of all, and has sent its own. */
  async answer(asker: WorkerHandle, query: number, own: MetricsCounts): Promise<void> {
    asker.counts = own
    await this.collect([...this.workers].filter((worker) => worker !== asker))
    asker.send({ kind: 'group-counts', query, counts: this.all(asker) })
  }

  /** Asks all workers for a report, without waiting: a worker that is killed later loses only what it counted since. */
  refresh(): void {
    for (const worker of this.workers) worker.send({ kind: 'count', query: 0 })
  }

  /** Resolves when each of these workers has answered, died, or let the time pass. */
  private async collect(workers: readonly WorkerHandle[]): Promise<void> {
    const query = ++this.queries
    const { clock, timeoutMs } = this
    const answers = new PendingAnswers<WorkerHandle, void>()
    this.answers.set(query, answers)
    const all = workers.map((worker) => answers.expect(worker, { clock, timeoutMs, fallback: () => undefined }))
    for (const worker of workers) worker.send({ kind: 'count', query })
    await Promise.all(all)
    this.answers.delete(query)
  }

  /** @param asker is included even when it asks before it is ready */
  private all(asker: WorkerHandle): GroupCounts {
    const present = [...new Set([...this.workers, asker])]
      .sort((one, other) => one.number - other.number || one.key - other.key)
      .flatMap(({ number, pid, counts }) => (counts === null ? [] : [{ worker: number, pid, counts }]))
    return { present, gone: this.gone, workers: this.metrics() }
  }
}
