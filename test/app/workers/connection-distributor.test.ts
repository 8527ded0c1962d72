import { assert } from 'chai'
import { describe, it } from 'mocha'
import { settled } from '../serving/served.js'
import { KILLED, Supervised } from './supervised.js'

describe('ConnectionDistributor of a supervisor', () => {
  describe('a worker that has no descriptor left', () => {
    /** A supervisor whose workers answer, but lose the connections that are handed off to them. */
    async function losing(): Promise<Supervised> {
      const supervised = await Supervised.start()
      await supervised.pass(1000)
      supervised.acknowledging = false
      return supervised
    }

    it('gets connections again when it has answered a heartbeat that was sent after the lost one', async () => {
      const supervised = await losing()
      const connections = [supervised.acceptor.connect(), supervised.acceptor.connect()]
      await supervised.pass(700)
      supervised.acceptor.connect()
      assert.deepEqual(
        supervised.processes.map((process) => process.messages('connection').length),
        [1, 1],
        'not before it answers',
      )
      supervised.acknowledging = true
      await supervised.pass(500)
      assert.deepEqual(
        connections.map(({ fate }) => fate),
        ['released', 'released'],
      )
      const handed = (): number[] => supervised.processes.map((process) => process.messages('connection').length)
      const before = handed()
      for (let each = 0; each < 10; each++) supervised.acceptor.connect()
      assert.deepEqual(
        handed().map((count, at) => count - before[at]!),
        [5, 5],
      )
    })

    it('does not make a connection go from worker to worker forever', async () => {
      const supervised = await losing()
      const connection = supervised.acceptor.connect()
      await supervised.pass(4500)
      assert.equal(connection.fate, 'held')
      await supervised.pass(1500)
      assert.equal(connection.fate, 'aborted')
    })
  })

  describe('connections', () => {
    it('are fresh for a while, by a clock that all processes share', async () => {
      const { acceptor, processes, clock } = await Supervised.start()
      acceptor.connect()
      assert.equal(processes[0]!.messages('connection')[0]!.freshUntil, clock.machine() + 200)
    })

    it('go to the workers in turns, and are released when they are accepted', async () => {
      const { acceptor, processes } = await Supervised.start()
      const connections = Array.from({ length: 10 }, () => acceptor.connect())
      await settled()
      assert.deepEqual(
        processes.map((process) => process.messages('connection').length),
        [5, 5],
      )
      assert.isTrue(connections.every(({ fate }) => fate === 'released'))
    })

    it('wait while there is no worker, and are reset when that takes too long', async () => {
      const supervised = await Supervised.start({ settings: { workers: 2 } })
      supervised.failing = 'dies'
      for (const process of supervised.processes) process.endBy(KILLED)
      await settled()
      const early = supervised.acceptor.connect()
      await supervised.pass(5200)
      const late = supervised.acceptor.connect()
      assert.deepEqual([early.fate, late.fate], ['aborted', 'held'])
    })

    it('that wait go to the first worker that is ready again', async () => {
      const supervised = await Supervised.start()
      for (const process of supervised.processes) process.endBy(KILLED)
      await settled()
      const connection = supervised.acceptor.connect()
      await supervised.pass(300)
      assert.equal(connection.fate, 'released')
    })

    it('are reset at once when the queue is full', async () => {
      const supervised = await Supervised.start()
      supervised.failing = 'dies'
      for (const process of supervised.processes) process.endBy(KILLED)
      await settled()
      const connections = Array.from({ length: 1025 }, () => supervised.acceptor.connect())
      assert.deepEqual([connections.at(-2)!.fate, connections.at(-1)!.fate], ['held', 'aborted'])
    })

    it('that a late worker accepts while they wait again go to no other worker', async () => {
      const supervised = await Supervised.start()
      supervised.failing = 'dies'
      const [only, other] = supervised.processes
      other!.endBy(KILLED)
      await settled()
      supervised.acknowledging = false
      const connection = supervised.acceptor.connect()
      await supervised.pass(700)
      only!.emit({ kind: 'accepted', connection: 1 })
      await supervised.pass(500)
      assert.equal(connection.fate, 'released')
      assert.lengthOf(only!.messages('connection'), 1)
    })

    it('are granted to only one of two workers that claim them', async () => {
      const supervised = await Supervised.start()
      const [blocked, other] = supervised.processes
      supervised.acknowledging = false
      supervised.acceptor.connect()
      await supervised.pass(700)
      for (const process of [blocked!, other!]) process.emit({ kind: 'claim', connection: 1 })
      await settled()
      const granted = [blocked!, other!].map((process) => process.messages('claim-answer').map((each) => each.granted))
      assert.deepEqual(granted, [[true], [false]])
    })
  })
})
