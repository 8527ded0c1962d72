import { assert } from 'chai'
import { describe, it } from 'mocha'
import { singleProcessGroup } from '../../../src/app/workers/single-process-group.js'
import { GroupMetrics } from '../../../src/app/server/service-metrics.js'
import type { WorkerGroup } from '../../../src/ports/workers/worker-group.js'
import type { WorkersMetrics } from '../../../src/ports/operations/metrics.js'
import { RecordingMetrics } from '../../fakes/metrics.js'

const WORKERS: WorkersMetrics = {
  configured: 2,
  ready: 1,
  lost: { died: 1, unresponsive: 2 },
  reloads: { done: 3, refused: 4 },
  renewals: { done: 5, refused: 6 },
}

function metricsWith({ connections }: { readonly connections: number }): RecordingMetrics {
  const metrics = new RecordingMetrics()
  for (let accepted = 0; accepted < connections; accepted++) metrics.connectionAccepted()
  return metrics
}

/** A group of worker 1 and worker 2, whose metrics are tested; a third worker has ended. */
const GROUP: WorkerGroup = {
  worker: 2,
  trouble: null,
  counts: async (own) => ({
    present: [
      { worker: 1, pid: 101, counts: metricsWith({ connections: 10 }).counts() },
      { worker: 2, pid: 102, counts: own },
    ],
    gone: [metricsWith({ connections: 100 }).counts().counters],
    workers: WORKERS,
  }),
}

describe('GroupMetrics', () => {
  const metrics = new GroupMetrics(metricsWith({ connections: 1 }), GROUP)

  it('merges all workers; of an ended worker it adds only the counters', async () => {
    const { connections, workers } = await metrics.snapshot()
    assert.deepEqual(connections, { active: 11, idle: 11, accepted: 111, rejected: 0 })
    assert.deepEqual(workers, WORKERS)
  })

  it('lists each running worker', async () => {
    const each = await metrics.perWorker()
    assert.deepEqual(
      each.map(({ worker, pid, snapshot }) => [worker, pid, snapshot.connections.accepted]),
      [
        [1, 101, 10],
        [2, 102, 1],
      ],
    )
  })

  it('lists a single process as worker 0', async () => {
    const single = new GroupMetrics(metricsWith({ connections: 1 }), singleProcessGroup())
    const { connections, workers } = await single.snapshot()
    assert.equal(connections.accepted, 1)
    assert.deepInclude(workers, { configured: 1, ready: 1 })
    const [only, ...others] = await single.perWorker()
    assert.deepEqual([only?.worker, only?.pid, others], [0, process.pid, []])
  })
})
