import type { WorkerGroup } from '../../ports/workers/worker-group.js'
import type { Metrics, MetricsSnapshot, ServiceMetrics, WorkerSnapshot } from '../../ports/operations/metrics.js'
import { mergedGauges, processSnapshot, summedCounters } from './merged-metrics.js'

/** The metrics of the whole service: those of this process merged with those of the other worker processes. */
export class GroupMetrics implements ServiceMetrics {
  constructor(
    private readonly own: Metrics,
    private readonly group: WorkerGroup,
  ) {}

  async snapshot(): Promise<MetricsSnapshot> {
    const { present, gone, workers } = await this.group.counts(this.own.counts())
    const counters = summedCounters([...gone, ...present.map(({ counts }) => counts.counters)])
    return { ...processSnapshot(counters, mergedGauges(present.map(({ counts }) => counts.gauges))), workers }
  }

  async perWorker(): Promise<readonly WorkerSnapshot[]> {
    const { present } = await this.group.counts(this.own.counts())
    return present.map(({ worker, pid, counts: { counters, gauges } }) => {
      return { worker, pid, snapshot: processSnapshot(counters, gauges) }
    })
  }
}
