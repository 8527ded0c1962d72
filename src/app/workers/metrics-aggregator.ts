import type { Clock } from '../../ports/operations/clock.js'
import type { GroupCounts } from '../../ports/workers/worker-group.js'
import type { MetricsCounters, MetricsCounts, WorkersMetrics } from '../../ports/operations/metrics.js'
import type { WorkerHandle } from './worker-handle.js'
import { summedCounters } from '../server/merged-metrics.js'

/** A worker that turns its event loop answers sooner. */
const PATIENCE_MS = 1000

/** A question to several workers, under way. */
interface Query {
  readonly unanswered: Set<WorkerHandle>
  readonly answered: () => void
}

/** What all workers have counted, those that are gone among them: no counter ever falls. */
export class MetricsAggregator {
  private readonly members = new Set<WorkerHandle>()
  /** What those had counted that are gone, added up: none before one is. */
  private gone: readonly MetricsCounters[] = []
  private queries = 0
  private readonly asked = new Map<number, Query>()

  constructor(
    private readonly clock: Clock,
    private readonly workers: () => WorkersMetrics,
  ) {}

  joined(member: WorkerHandle): void {
    this.members.add(member)
  }

  /** A worker is dead: what it had counted when it was last asked stays. */
  died(member: WorkerHandle): void {
    this.members.delete(member)
    if (member.counts !== null) this.gone = [summedCounters([...this.gone, member.counts.counters])]
    for (const number of this.asked.keys()) this.answered(number, member)
  }

  /** A worker has told what it has counted. */
  counted(member: WorkerHandle, query: number, counts: MetricsCounts): void {
    member.counts = counts
    this.answered(query, member)
  }

  /** One of the workers wants to know, and has told its own. */
  async tell(asker: WorkerHandle, query: number, own: MetricsCounts): Promise<void> {
    asker.counts = own
    await this.ask([...this.members].filter((member) => member !== asker))
    asker.send({ kind: 'group', query, counts: this.all(asker) })
  }

  /** Asks all, for the case that one of them is killed before it can be asked again. */
  askAll(): void {
    for (const member of this.members) member.send({ kind: 'count', query: 0 })
  }

  /** @returns when all have answered, or those that have not are given up on */
  private ask(members: readonly WorkerHandle[]): Promise<void> {
    const query = ++this.queries
    return new Promise((resolve) => {
      const patience = this.clock.after(PATIENCE_MS, () => answered())
      const answered = (): void => {
        patience.stop()
        this.asked.delete(query)
        resolve()
      }
      this.asked.set(query, { unanswered: new Set(members), answered })
      for (const member of members) member.send({ kind: 'count', query })
      if (members.length === 0) answered()
    })
  }

  private answered(number: number, member: WorkerHandle): void {
    const query = this.asked.get(number)
    if (query === undefined || !query.unanswered.delete(member)) return
    if (query.unanswered.size === 0) query.answered()
  }

  /** @param asker who is there, too, when it asks before it is ready */
  private all(asker: WorkerHandle): GroupCounts {
    const present = [...new Set([...this.members, asker])]
      .sort((one, other) => one.number - other.number || one.key - other.key)
      .flatMap(({ number, pid, counts }) => (counts === null ? [] : [{ worker: number, pid, counts }]))
    return { present, gone: this.gone, workers: this.workers() }
  }
}
