import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { GroupCounts } from '../../../src/ports/workers/worker-group.js'
import { countsOf } from './supervised.js'
import { TestWorker, WORKERS } from './test-worker.js'

describe('SupervisedGroup', () => {
  const groupCounts = (accepted: number): GroupCounts => ({
    present: [{ worker: 1, pid: 1, counts: countsOf(accepted) }],
    gone: [],
    workers: { ...WORKERS, ready: 2 },
  })

  it('knows its number, and the trouble that the supervisor reports', async () => {
    const { group, channel } = await TestWorker.start()
    assert.deepEqual([group.worker, group.trouble], [2, null])
    channel.deliver({ kind: 'trouble', trouble: 'workers crash' })
    assert.equal(group.trouble, 'workers crash')
  })

  it('asks the supervisor, and gives each query its own answer', async () => {
    const { group, channel } = await TestWorker.start()
    const [one, other] = [group.counts(countsOf(1)), group.counts(countsOf(2))]
    assert.deepEqual(channel.sent.slice(1), [
      { kind: 'group-count', query: 1, own: countsOf(1) },
      { kind: 'group-count', query: 2, own: countsOf(2) },
    ])
    channel.deliver({ kind: 'group-counts', query: 2, counts: groupCounts(20) })
    channel.deliver({ kind: 'group-counts', query: 1, counts: groupCounts(10) })
    assert.deepEqual(await Promise.all([one, other]), [groupCounts(10), groupCounts(20)])
  })

  it('counts only itself when no answer arrives in time, or the supervisor has died', async () => {
    const { group, clock, channel } = await TestWorker.start()
    const own = { present: [{ worker: 2, pid: process.pid, counts: countsOf(1) }], gone: [], workers: WORKERS }
    const late = group.counts(countsOf(1))
    clock.advance(2500)
    assert.deepEqual(await late, own)
    channel.disconnect()
    assert.deepEqual(await group.counts(countsOf(1)), own)
  })
})
