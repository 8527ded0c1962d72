import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { GroupCounts } from '../../../src/ports/workers/worker-group.js'
import { settled } from '../serving/served.js'
import { countsOf, KILLED, Supervised } from './supervised.js'

describe('MetricsAggregator of a supervisor', () => {
  describe('counts', () => {
    async function counts(supervised: Supervised, asker = 0): Promise<GroupCounts> {
      const process = supervised.processes[asker]!
      process.emit({ kind: 'group-count', query: 7, own: countsOf(5) })
      await supervised.pass(1500)
      const { query, counts } = process.messages('group-counts').at(-1)!
      assert.equal(query, 7)
      return counts
    }

    const accepted = ({ present, gone }: GroupCounts): number[] =>
      [...present.map((each) => each.counts.counters), ...gone].map(({ connections }) => connections.accepted)

    it('are only its own for a worker that asks before it is ready', async () => {
      const supervised = new Supervised()
      supervised.failing = 'hangs'
      void supervised.supervisor.start()
      await settled()
      assert.deepEqual(accepted(await counts(supervised)), [5])
    })

    it('are those of all workers, of which the asking one sends its own', async () => {
      const group = await counts(await Supervised.start())
      assert.deepEqual(accepted(group), [5, 1001])
      assert.deepEqual(
        group.present.map(({ worker, pid }) => [worker, pid]),
        [
          [1, 1000],
          [2, 1001],
        ],
      )
      assert.deepEqual([group.workers.configured, group.workers.ready], [2, 2])
    })

    it('include the previous report of a worker that does not answer', async () => {
      const supervised = await Supervised.start()
      await supervised.pass(3000)
      supervised.processes[1]!.isResponsive = false
      assert.include(accepted(await counts(supervised)), 1001)
    })

    it('include those of workers that have died', async () => {
      const supervised = await Supervised.start()
      await supervised.pass(3000)
      supervised.processes[1]!.endBy(KILLED)
      await supervised.pass(300)
      const group = await counts(supervised)
      assert.includeMembers(accepted(group), [1001, 1002])
      assert.deepEqual(group.workers.lost, { died: 1, unresponsive: 0 })
    })
  })
})
