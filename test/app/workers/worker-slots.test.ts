import { assert } from 'chai'
import { describe, it } from 'mocha'
import { settled } from '../serving/served.js'
import { countsOf, KILLED, NOTHING_CUT, Supervised } from './supervised.js'

describe('WorkerSlots of a supervisor', () => {
  describe('a worker that dies', () => {
    it('is replaced after a delay, and logged', async () => {
      const supervised = await Supervised.start()
      supervised.processes[0]!.endBy(KILLED)
      await settled()
      assert.lengthOf(supervised.processes, 2)
      await supervised.pass(200)
      assert.lengthOf(supervised.alive, 2)
      const [lost] = supervised.events('worker lost')
      assert.deepInclude(lost, { worker: 1, pid: 1000, cause: 'died', code: null, signal: 'SIGKILL' })
      assert.equal(supervised.processes[2]!.messages('start')[0]!.configuration.worker, 1)
    })

    it('has its connections handed off to other workers, which must claim them', async () => {
      const supervised = await Supervised.start()
      supervised.acknowledging = false
      const connection = supervised.acceptor.connect()
      supervised.processes[0]!.endBy(KILLED)
      await settled()
      const [handed] = supervised.processes[1]!.messages('connection')
      assert.equal(handed!.freshUntil, 0)
      supervised.processes[1]!.emit({ kind: 'claim', connection: handed!.connection })
      await settled()
      assert.deepEqual(supervised.processes[1]!.messages('claim-answer'), [
        { kind: 'claim-answer', connection: handed!.connection, granted: true },
      ])
      assert.equal(connection.fate, 'released')
    })

    it('again and again is a crash loop: logged once, with long delays, and reported to all workers until it is over', async () => {
      const supervised = await Supervised.start()
      supervised.failing = 'Cannot start: found a mistake'
      supervised.processes[0]!.endBy(KILLED)
      await supervised.pass(5000)
      const attempts = supervised.processes.length
      assert.lengthOf(supervised.events('worker crash loop'), 1)
      assert.equal(supervised.events('worker crash loop')[0]!['reason'], 'Cannot start: found a mistake')
      const other = supervised.processes[1]!
      assert.deepEqual(other.messages('trouble'), [{ kind: 'trouble', trouble: 'workers crash' }])
      await supervised.pass(20_000)
      assert.lengthOf(supervised.processes, attempts)
      supervised.failing = null
      await supervised.pass(30_000)
      assert.equal(supervised.processes.at(-1)!.messages('start')[0]!.configuration.trouble, 'workers crash')
      assert.deepEqual(other.messages('trouble').at(-1), { kind: 'trouble', trouble: null })
    })
  })

  describe('a worker that drains on its own', () => {
    it('is replaced, and does not count as lost', async () => {
      const supervised = await Supervised.start()
      const [first] = supervised.processes
      first!.emit({ kind: 'close' })
      await supervised.pass(200)
      assert.isNotNull(first!.end)
      assert.lengthOf(supervised.alive, 2)
      assert.lengthOf(first!.messages('closed'), 1)
      assert.deepInclude(supervised.events('worker draining')[0], { worker: 1, pid: 1000 })
      assert.lengthOf(supervised.events('worker lost'), 0)
    })

    it('is replaced before its drain is over', async () => {
      const supervised = await Supervised.start()
      const [first] = supervised.processes
      first!.isResponsive = false
      first!.emit({ kind: 'close' })
      await supervised.pass(1000)
      assert.isNull(first!.end)
      assert.deepEqual(
        supervised.alive.map((each) => each.messages('start')[0]!.configuration.worker),
        [1, 2, 1],
      )
      first!.emit({ kind: 'drained', report: NOTHING_CUT, counts: countsOf(1) })
      first!.endBy({ code: 0, signal: null })
      await supervised.pass(1000)
      assert.lengthOf(supervised.processes, 3)
      assert.lengthOf(supervised.events('worker lost'), 0)
    })

    it('and dies before it has finished counts as lost', async () => {
      const supervised = await Supervised.start()
      const [first] = supervised.processes
      first!.isResponsive = false
      first!.emit({ kind: 'close' })
      await settled()
      first!.endBy(KILLED)
      await supervised.pass(1000)
      assert.lengthOf(supervised.events('worker lost'), 1)
      assert.lengthOf(supervised.alive, 2)
      assert.lengthOf(supervised.processes, 3)
    })

    it('again and again is a crash loop', async () => {
      const supervised = await Supervised.start()
      for (let life = 0; life < 5; life++) {
        supervised.alive.at(-1)!.emit({ kind: 'close' })
        await supervised.pass(5000)
      }
      assert.lengthOf(supervised.events('worker crash loop'), 1)
    })
  })
})
