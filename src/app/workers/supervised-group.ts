import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { WorkerGroup, GroupCounts } from '../../ports/workers/worker-group.js'
import type { MetricsCounts } from '../../ports/operations/metrics.js'
import type { SupervisorChannel, WorkerConfiguration } from '../../ports/workers/worker-processes.js'
import { PendingAnswers } from '../pending-answers.js'

/** Longer than the supervisor itself waits for the other workers. */
const ANSWER_TIMEOUT_MS = 2500

/** The worker group as one of its workers sees it: asks the supervisor for the counts of all. */
export class SupervisedGroup implements WorkerGroup {
  readonly worker: number
  trouble: Trouble | null
  /** The part of the latest answer that stays useful without a supervisor. */
  private last: Pick<GroupCounts, 'gone' | 'workers'>
  private queries = 0
  private readonly answers = new PendingAnswers<number, GroupCounts>()
  private hasSupervisor = true

  constructor(
    private readonly channel: SupervisorChannel,
    private readonly clock: Clock,
    { worker, trouble, workers }: WorkerConfiguration,
    private readonly timeoutMs = ANSWER_TIMEOUT_MS,
  ) {
    this.worker = worker
    this.trouble = trouble
    this.last = { gone: [], workers }
  }

  async counts(own: MetricsCounts): Promise<GroupCounts> {
    if (!this.hasSupervisor) return this.ownOnly(own)
    const query = ++this.queries
    const { clock, timeoutMs } = this
    const answer = this.answers.expect(query, { clock, timeoutMs, fallback: () => this.ownOnly(own) })
    this.channel.send({ kind: 'group-count', query, own })
    return answer
  }

  /** The supervisor has answered a query. */
  answered(query: number, counts: GroupCounts): void {
    this.last = counts
    this.answers.resolve(query, counts)
  }

  /** The supervisor has died. */
  lost(): void {
    this.hasSupervisor = false
  }

  private ownOnly(own: MetricsCounts): GroupCounts {
    const { gone, workers } = this.last
    return { present: [{ worker: this.worker, pid: process.pid, counts: own }], gone, workers }
  }
}
