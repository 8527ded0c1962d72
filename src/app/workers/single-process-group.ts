import type { WorkerGroup } from '../../ports/workers/worker-group.js'
import type { WorkersMetrics } from '../../ports/operations/metrics.js'

const ONE_PROCESS: WorkersMetrics = {
  configured: 1,
  ready: 1,
  lost: { died: 0, unresponsive: 0 },
  reloads: { done: 0, refused: 0 },
  renewals: { done: 0, refused: 0 },
}

/**
 * The worker group of a process without a supervisor: only itself, as worker 0.
 *
 * @param renewals counts its certificate renewals
 */
export const singleProcessGroup = (
  renewals: () => WorkersMetrics['renewals'] = () => ONE_PROCESS.renewals,
): WorkerGroup => ({
  worker: 0,
  trouble: null,
  counts: (own) => {
    const workers = { ...ONE_PROCESS, renewals: renewals() }
    return Promise.resolve({ present: [{ worker: 0, pid: process.pid, counts: own }], gone: [], workers })
  },
})
