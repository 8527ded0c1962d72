import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { WorkerGroup, GroupCounts } from '../../ports/workers/worker-group.js'
import type { MetricsCounts } from '../../ports/operations/metrics.js'
import type { SupervisorChannel, WorkerConfiguration } from '../../ports/workers/worker-processes.js'

/** A supervisor that can answer has done so by then. */
const PATIENCE_MS = 2500

/** The crew as one of its workers knows it: by asking the supervisor. */
export class SupervisedGroup implements WorkerGroup {
  readonly worker: number
  trouble: Trouble | null
  private last: Pick<GroupCounts, 'gone' | 'workers'>
  private queries = 0
  private readonly asked = new Map<number, (counts: GroupCounts) => void>()
  private isAlone = false

  constructor(
    private readonly channel: SupervisorChannel,
    private readonly clock: Clock,
    { worker, trouble, workers }: WorkerConfiguration,
  ) {
    this.worker = worker
    this.trouble = trouble
    this.last = { gone: [], workers }
  }

  async counts(own: MetricsCounts): Promise<GroupCounts> {
    if (this.isAlone) return this.ownOnly(own)
    const query = ++this.queries
    return new Promise<GroupCounts>((resolve) => {
      const patience = this.clock.after(PATIENCE_MS, () => answer(this.ownOnly(own)))
      const answer = (counts: GroupCounts): void => {
        patience.stop()
        this.asked.delete(query)
        resolve(counts)
      }
      this.asked.set(query, answer)
      this.channel.send({ kind: 'counts', query, own })
    })
  }

  /** The supervisor's answer. */
  answered(query: number, counts: GroupCounts): void {
    this.last = counts
    this.asked.get(query)?.(counts)
  }

  /** The supervisor is gone. */
  lost(): void {
    this.isAlone = true
  }

  private ownOnly(own: MetricsCounts): GroupCounts {
    const { gone, workers } = this.last
    return { present: [{ worker: this.worker, pid: process.pid, counts: own }], gone, workers }
  }
}
