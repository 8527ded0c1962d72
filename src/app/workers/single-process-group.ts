import type { WorkerGroup } from '../../ports/workers/worker-group.js'
import type { WorkersMetrics } from '../../ports/operations/metrics.js'

const ITSELF: WorkersMetrics = {
  configured: 1,
  ready: 1,
  lost: { died: 0, unresponsive: 0 },
  reloads: { done: 0, refused: 0 },
  renewals: { done: 0, refused: 0 },
}

/**
 * The crew of a process without a supervisor: itself, as worker 0.
 *
 * @param renewals of its certificates up to now
 */
export const singleProcessGroup = (
  renewals: () => WorkersMetrics['renewals'] = () => ITSELF.renewals,
): WorkerGroup => ({
  worker: 0,
  trouble: null,
  counts: (own) => {
    const workers = { ...ITSELF, renewals: renewals() }
    return Promise.resolve({ present: [{ worker: 0, pid: process.pid, counts: own }], gone: [], workers })
  },
})
