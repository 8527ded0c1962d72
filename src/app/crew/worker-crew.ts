import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { Clock } from '../../ports/clock.js'
import type { Crew, CrewCounts } from '../../ports/crew.js'
import type { MetricsCounts } from '../../ports/metrics.js'
import type { SupervisorLine, WorkerOrders } from '../../ports/workers.js'

/** A supervisor that can answer has done so by then. */
const PATIENCE_MS = 2500

/** The crew as one of its workers knows it: by asking the supervisor. */
export class WorkerCrew implements Crew {
  readonly worker: number
  trouble: Trouble | null
  private last: Pick<CrewCounts, 'gone' | 'workers'>
  private queries = 0
  private readonly asked = new Map<number, (counts: CrewCounts) => void>()
  private isAlone = false

  constructor(
    private readonly line: SupervisorLine,
    private readonly clock: Clock,
    { worker, trouble, workers }: WorkerOrders,
  ) {
    this.worker = worker
    this.trouble = trouble
    this.last = { gone: [], workers }
  }

  async counts(own: MetricsCounts): Promise<CrewCounts> {
    if (this.isAlone) return this.ownOnly(own)
    const query = ++this.queries
    return new Promise<CrewCounts>((resolve) => {
      const patience = this.clock.after(PATIENCE_MS, () => answer(this.ownOnly(own)))
      const answer = (counts: CrewCounts): void => {
        patience.stop()
        this.asked.delete(query)
        resolve(counts)
      }
      this.asked.set(query, answer)
      this.line.tell({ kind: 'counts', query, own })
    })
  }

  /** The supervisor's answer. */
  answered(query: number, counts: CrewCounts): void {
    this.last = counts
    this.asked.get(query)?.(counts)
  }

  /** The supervisor is gone. */
  lost(): void {
    this.isAlone = true
  }

  private ownOnly(own: MetricsCounts): CrewCounts {
    const { gone, workers } = this.last
    return { present: [{ worker: this.worker, pid: process.pid, counts: own }], gone, workers }
  }
}
