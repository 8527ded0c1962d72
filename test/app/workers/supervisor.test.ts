import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { GroupCounts } from '../../../src/ports/workers/worker-group.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { settled } from '../serving/served.js'
import { countsOf, NOTHING_CUT, rejection, Supervised } from './supervised.js'

const KILLED = { code: null, signal: 'SIGKILL' }
const TIMEOUT_MS = DEFAULT_SETTINGS.workerTimeoutMs

describe('Supervisor', () => {
  describe('start()', () => {
    it('tells where it listens and how many workers serve, when all are ready', async () => {
      const { supervisor } = new Supervised({ settings: { port: 0, workers: 3 } })
      const addresses = { http: { host: '127.0.0.1', port: 40_000 }, https: null, admin: null }
      assert.deepEqual(await supervisor.start(), { addresses, workers: 3, socket: 'net' })
    })

    it('starts one worker per core for auto', async () => {
      const { processes } = await Supervised.start({ settings: { workers: 'auto' }, cores: 4 })
      assert.lengthOf(processes, 4)
    })

    it('gives each its number, and its share of the connections', async () => {
      const { processes } = await Supervised.start({ settings: { workers: 3, maxConnections: 10 } })
      const configuration = processes.map((process) => process.told('start')[0]!.configuration)
      assert.deepEqual(
        configuration.map(({ worker, settings }) => [worker, settings.maxConnections]),
        [
          [1, 4],
          [2, 4],
          [3, 4],
        ],
      )
    })

    it('fails before there is a worker when the address cannot be had', async () => {
      const { supervisor, door, processes } = new Supervised()
      door.failure = Object.assign(new Error('Cannot listen on there: taken'), { code: 'EADDRINUSE' })
      assert.equal(await rejection(supervisor.start()), 'Cannot listen on there: taken')
      assert.lengthOf(processes, 0)
    })

    it('fails with the words of a worker that cannot start, and leaves nothing behind', async () => {
      const supervised = new Supervised()
      supervised.failing = 'Cannot load plugins: found 1 problem'
      assert.equal(await rejection(supervised.supervisor.start()), 'Cannot load plugins: found 1 problem')
      assert.deepEqual([supervised.alive, supervised.door.open, supervised.clock.pending], [[], [], 0])
    })

    it('fails when a worker just ends, and says how', async () => {
      const supervised = new Supervised()
      supervised.failing = 'dies'
      assert.match(await rejection(supervised.supervisor.start()), /^Cannot start worker [12]: it ended with code 1$/)
    })
  })

  describe('a worker that dies', () => {
    it('is replaced after a while, and told of', async () => {
      const supervised = await Supervised.start()
      supervised.processes[0]!.endBy(KILLED)
      await settled()
      assert.lengthOf(supervised.processes, 2)
      await supervised.pass(200)
      assert.lengthOf(supervised.alive, 2)
      const [lost] = supervised.events('worker lost')
      assert.deepInclude(lost, { worker: 1, pid: 1000, cause: 'died', code: null, signal: 'SIGKILL' })
      assert.equal(supervised.processes[2]!.told('start')[0]!.configuration.worker, 1)
    })

    it('has its connections given to others, who have to ask for them', async () => {
      const supervised = await Supervised.start()
      supervised.acknowledging = false
      const connection = supervised.door.connect()
      supervised.processes[0]!.endBy(KILLED)
      await settled()
      const [handed] = supervised.processes[1]!.told('connection')
      assert.equal(handed!.freshUntil, 0)
      supervised.processes[1]!.say({ kind: 'wanted', connection: handed!.connection })
      await settled()
      assert.deepEqual(supervised.processes[1]!.told('granted'), [
        { kind: 'granted', connection: handed!.connection, granted: true },
      ])
      assert.equal(connection.fate, 'released')
    })

    it('again and again is a crash loop: named once, tried seldom, and told to all until one lives', async () => {
      const supervised = await Supervised.start()
      supervised.failing = 'Cannot start: found a mistake'
      supervised.processes[0]!.endBy(KILLED)
      await supervised.pass(5000)
      const attempts = supervised.processes.length
      assert.lengthOf(supervised.events('worker crashes again and again'), 1)
      assert.equal(supervised.events('worker crashes again and again')[0]!['reason'], 'Cannot start: found a mistake')
      const other = supervised.processes[1]!
      assert.deepEqual(other.told('trouble'), [{ kind: 'trouble', trouble: 'workers crash' }])
      await supervised.pass(20_000)
      assert.lengthOf(supervised.processes, attempts)
      supervised.failing = null
      await supervised.pass(30_000)
      assert.equal(supervised.processes.at(-1)!.told('start')[0]!.configuration.trouble, 'workers crash')
      assert.deepEqual(other.told('trouble').at(-1), { kind: 'trouble', trouble: null })
    })
  })

  describe('a worker that drains by itself', () => {
    it('is replaced, and not lost', async () => {
      const supervised = await Supervised.start()
      const [first] = supervised.processes
      first!.say({ kind: 'shut' })
      await supervised.pass(200)
      assert.isNotNull(first!.end)
      assert.lengthOf(supervised.alive, 2)
      assert.lengthOf(first!.told('shut'), 1)
      assert.deepInclude(supervised.events('worker leaving')[0], { worker: 1, pid: 1000 })
      assert.lengthOf(supervised.events('worker lost'), 0)
    })

    it('is replaced before its drain is over', async () => {
      const supervised = await Supervised.start()
      const [first] = supervised.processes
      first!.isTurning = false
      first!.say({ kind: 'shut' })
      await supervised.pass(1000)
      assert.isNull(first!.end)
      assert.deepEqual(
        supervised.alive.map((each) => each.told('start')[0]!.configuration.worker),
        [1, 2, 1],
      )
      first!.say({ kind: 'done', report: NOTHING_CUT, counts: countsOf(1) })
      first!.endBy({ code: 0, signal: null })
      await supervised.pass(1000)
      assert.lengthOf(supervised.processes, 3)
      assert.lengthOf(supervised.events('worker lost'), 0)
    })

    it('and dies in it, is lost', async () => {
      const supervised = await Supervised.start()
      const [first] = supervised.processes
      first!.isTurning = false
      first!.say({ kind: 'shut' })
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
        supervised.alive.at(-1)!.say({ kind: 'shut' })
        await supervised.pass(5000)
      }
      assert.lengthOf(supervised.events('worker crashes again and again'), 1)
    })
  })

  describe('a worker that does not answer', () => {
    it('is killed when its time is over, and replaced', async () => {
      const supervised = await Supervised.start()
      supervised.processes[1]!.isTurning = false
      await supervised.pass(TIMEOUT_MS - 100)
      assert.lengthOf(supervised.alive, 2)
      await supervised.pass(2500)
      assert.deepEqual(supervised.processes[1]!.end, KILLED)
      assert.deepInclude(supervised.events('worker lost')[0], { worker: 2, cause: 'unresponsive' })
      assert.lengthOf(supervised.alive, 2)
    })

    /** A crew one of which has left its heartbeat unanswered up to now, and a way to stand still. */
    async function unanswered(workerTimeoutMs = TIMEOUT_MS) {
      const supervised = await Supervised.start({ settings: { workerTimeoutMs } })
      const [worker] = supervised.processes
      worker!.isTurning = false
      await supervised.pass(1000)
      const { askedMs } = worker!.told('heartbeat').at(-1)!
      const standStill = (ms: number): void => {
        const now = supervised.clock.now.bind(supervised.clock)
        supervised.clock.now = () => now() + ms
      }
      const answer = async (): Promise<void> => {
        worker!.isTurning = true
        worker!.say({ kind: 'alive', askedMs })
        await settled()
      }
      return { supervised, standStill, answer }
    }

    it('has its time anew when we stood still for long, and it may have with us', async () => {
      const { supervised, standStill, answer } = await unanswered()
      standStill(20 * TIMEOUT_MS)
      await supervised.pass(500)
      await answer()
      await supervised.pass(2000)
      assert.lengthOf(supervised.events('worker lost'), 0)
    })

    it('is not told from one whose answer lies before us unread', async () => {
      const { supervised, standStill, answer } = await unanswered(1500)
      standStill(900)
      await supervised.pass(100)
      await answer()
      await supervised.pass(2000)
      assert.lengthOf(supervised.events('worker lost'), 0)
    })

    it('gets no connections, and those that it has not acknowledged go to another', async () => {
      const supervised = await Supervised.start()
      const [spinning, other] = supervised.processes
      spinning!.isTurning = false
      const connections = [supervised.door.connect(), supervised.door.connect()]
      await settled()
      assert.deepEqual(
        connections.map(({ fate }) => fate),
        ['held', 'released'],
      )
      await supervised.pass(700)
      assert.lengthOf(other!.told('connection'), 2)
      for (let each = 0; each < 4; each++) supervised.door.connect()
      assert.lengthOf(spinning!.told('connection'), 1)
      assert.lengthOf(other!.told('connection'), 6)
    })
  })

  describe('a worker that has no descriptor left', () => {
    /** A crew whose workers turn, but are handed nothing that arrives. */
    async function losing(): Promise<Supervised> {
      const supervised = await Supervised.start()
      await supervised.pass(1000)
      supervised.acknowledging = false
      return supervised
    }

    it('is given connections again, once it has answered what was sent behind one that was lost', async () => {
      const supervised = await losing()
      const connections = [supervised.door.connect(), supervised.door.connect()]
      await supervised.pass(700)
      supervised.door.connect()
      assert.deepEqual(
        supervised.processes.map((process) => process.told('connection').length),
        [1, 1],
        'not while it is not heard of',
      )
      supervised.acknowledging = true
      await supervised.pass(500)
      assert.deepEqual(
        connections.map(({ fate }) => fate),
        ['released', 'released'],
      )
      const handed = (): number[] => supervised.processes.map((process) => process.told('connection').length)
      const before = handed()
      for (let each = 0; each < 10; each++) supervised.door.connect()
      assert.deepEqual(
        handed().map((count, at) => count - before[at]!),
        [5, 5],
      )
    })

    it('does not make a connection go round without end', async () => {
      const supervised = await losing()
      const connection = supervised.door.connect()
      await supervised.pass(4500)
      assert.equal(connection.fate, 'held')
      await supervised.pass(1500)
      assert.equal(connection.fate, 'aborted')
    })
  })

  describe('connections', () => {
    it('are fresh for a while, by a clock that all processes share', async () => {
      const { door, processes, clock } = await Supervised.start()
      door.connect()
      assert.equal(processes[0]!.told('connection')[0]!.freshUntil, clock.machine() + 200)
    })

    it('are given to the workers in turn, and let go when they are taken', async () => {
      const { door, processes } = await Supervised.start()
      const connections = Array.from({ length: 10 }, () => door.connect())
      await settled()
      assert.deepEqual(
        processes.map((process) => process.told('connection').length),
        [5, 5],
      )
      assert.isTrue(connections.every(({ fate }) => fate === 'released'))
    })

    it('wait while there is no worker, are given to the next one, and reset when that takes too long', async () => {
      const supervised = await Supervised.start({ settings: { workers: 2 } })
      supervised.failing = 'dies'
      for (const process of supervised.processes) process.endBy(KILLED)
      await settled()
      const early = supervised.door.connect()
      await supervised.pass(5200)
      const late = supervised.door.connect()
      assert.deepEqual([early.fate, late.fate], ['aborted', 'held'])
    })

    it('that wait are given to the first worker that is there again', async () => {
      const supervised = await Supervised.start()
      for (const process of supervised.processes) process.endBy(KILLED)
      await settled()
      const connection = supervised.door.connect()
      await supervised.pass(300)
      assert.equal(connection.fate, 'released')
    })

    it('beyond those that may wait are reset at once', async () => {
      const supervised = await Supervised.start()
      supervised.failing = 'dies'
      for (const process of supervised.processes) process.endBy(KILLED)
      await settled()
      const connections = Array.from({ length: 1025 }, () => supervised.door.connect())
      assert.deepEqual([connections.at(-2)!.fate, connections.at(-1)!.fate], ['held', 'aborted'])
    })

    it('that are taken after all, while they wait again, are not given to anybody else', async () => {
      const supervised = await Supervised.start()
      supervised.failing = 'dies'
      const [only, other] = supervised.processes
      other!.endBy(KILLED)
      await settled()
      supervised.acknowledging = false
      const connection = supervised.door.connect()
      await supervised.pass(700)
      only!.say({ kind: 'taken', connection: 1 })
      await supervised.pass(500)
      assert.equal(connection.fate, 'released')
      assert.lengthOf(only!.told('connection'), 1)
    })

    it('are not granted to two', async () => {
      const supervised = await Supervised.start()
      const [spinning, other] = supervised.processes
      supervised.acknowledging = false
      supervised.door.connect()
      await supervised.pass(700)
      for (const process of [spinning!, other!]) process.say({ kind: 'wanted', connection: 1 })
      await settled()
      const granted = [spinning!, other!].map((process) => process.told('granted').map((each) => each.granted))
      assert.deepEqual(granted, [[true], [false]])
    })
  })

  describe('counts', () => {
    async function counts(supervised: Supervised, asker = 0): Promise<GroupCounts> {
      const process = supervised.processes[asker]!
      process.say({ kind: 'counts', query: 7, own: countsOf(5) })
      await supervised.pass(1500)
      const { query, counts } = process.told('group').at(-1)!
      assert.equal(query, 7)
      return counts
    }

    const accepted = ({ present, gone }: GroupCounts): number[] =>
      [...present.map((each) => each.counts.counters), ...gone].map(({ connections }) => connections.accepted)

    it('are its own for one that asks before it is ready', async () => {
      const supervised = new Supervised()
      supervised.failing = 'hangs'
      void supervised.supervisor.start()
      await settled()
      assert.deepEqual(accepted(await counts(supervised)), [5])
    })

    it('are those of all, and the asker has told its own', async () => {
      const told = await counts(await Supervised.start())
      assert.deepEqual(accepted(told), [5, 1001])
      assert.deepEqual(
        told.present.map(({ worker, pid }) => [worker, pid]),
        [
          [1, 1000],
          [2, 1001],
        ],
      )
      assert.deepEqual([told.workers.configured, told.workers.ready], [2, 2])
    })

    it('are the last known of one that does not answer', async () => {
      const supervised = await Supervised.start()
      await supervised.pass(3000)
      supervised.processes[1]!.isTurning = false
      assert.include(accepted(await counts(supervised)), 1001)
    })

    it('are those of the dead, too', async () => {
      const supervised = await Supervised.start()
      await supervised.pass(3000)
      supervised.processes[1]!.endBy(KILLED)
      await supervised.pass(300)
      const told = await counts(supervised)
      assert.includeMembers(accepted(told), [1001, 1002])
      assert.deepEqual(told.workers.lost, { died: 1, unresponsive: 0 })
    })
  })

  describe('reload()', () => {
    it('replaces the workers one by one: the new one is ready before the old one is retired', async () => {
      const supervised = await Supervised.start()
      const [first, second] = supervised.processes
      const order: string[] = []
      const retired = (): number => [first!, second!].filter((each) => each.told('retire').length > 0).length
      supervised.log.info = (event: string) => order.push(`${event}, ${retired()} retired`)
      await supervised.reload({ serverName: 'new' })
      assert.deepEqual(order.slice(0, 2), ['worker started, 0 retired', 'worker started, 1 retired'])
      assert.equal(retired(), 2)
      const names = supervised.alive.map((each) => each.told('start')[0]!.configuration.settings.serverName)
      assert.deepEqual(names, ['new', 'new'])
    })

    it('counts, and no worker as lost', async () => {
      const supervised = await Supervised.start()
      await supervised.reload({})
      await supervised.reload({})
      assert.lengthOf(supervised.events('reloaded'), 2)
      assert.lengthOf(supervised.events('worker lost'), 0)
      assert.lengthOf(supervised.alive, 2)
    })

    it('is refused with all that is wrong with the settings', async () => {
      const supervised = await Supervised.start()
      const problems = [{ key: 'port', found: '"x"', wanted: 'a port', origin: 'file' }]
      supervised.loaded = { problems }
      await supervised.reload({})
      assert.deepEqual(supervised.events('reload refused'), [{ problems }])
      assert.lengthOf(supervised.processes, 2)
    })

    it('is refused when the first new worker cannot start: the old ones stay', async () => {
      const supervised = await Supervised.start()
      supervised.failing = 'Cannot load plugins'
      await supervised.reload({})
      assert.deepEqual(supervised.events('reload refused'), [{ reason: 'Cannot load plugins' }])
      assert.deepEqual(supervised.alive, supervised.processes.slice(0, 2))
      assert.isTrue(supervised.alive.every((each) => each.told('retire').length === 0))
    })

    it('is refused when the new address cannot be had', async () => {
      const supervised = await Supervised.start()
      supervised.door.failure = Object.assign(new Error('Cannot listen on there: taken'), { code: 'EADDRINUSE' })
      await supervised.reload({ port: 81 })
      assert.deepEqual(supervised.events('reload refused'), [{ reason: 'Cannot listen on there: taken' }])
      assert.lengthOf(supervised.processes, 2)
    })

    it('moves to a new address: that is listened on before the old one is left', async () => {
      const supervised = await Supervised.start({ settings: { port: 80 } })
      await supervised.reload({ port: 81 })
      assert.deepEqual(supervised.door.open, [{ host: '127.0.0.1', port: 81 }])
      assert.equal(supervised.alive[0]!.told('start')[0]!.configuration.addresses.http?.port, 81)
    })

    it('leaves a new address again when it is refused', async () => {
      const supervised = await Supervised.start({ settings: { port: 80 } })
      supervised.failing = 'Cannot load plugins'
      await supervised.reload({ port: 81 })
      assert.deepEqual(supervised.door.open, [{ host: '127.0.0.1', port: 80 }])
    })

    for (const workers of [1, 4]) {
      it(`takes 2 workers to ${workers}`, async () => {
        const supervised = await Supervised.start()
        await supervised.reload({ workers })
        assert.lengthOf(supervised.alive, workers)
      })
    }

    it('that comes during a reload runs after it', async () => {
      const supervised = await Supervised.start()
      supervised.supervisor.reload()
      supervised.supervisor.reload()
      supervised.supervisor.reload()
      await supervised.pass(500)
      assert.lengthOf(supervised.events('reloaded'), 2)
    })

    it('that comes during the start runs after it', async () => {
      const supervised = new Supervised()
      const started = supervised.supervisor.start()
      supervised.supervisor.reload()
      await started
      await supervised.pass(500)
      assert.lengthOf(supervised.events('reloaded'), 1)
    })

    it('retries a worker that cannot be replaced, while the old one stays', async () => {
      const supervised = await Supervised.start()
      supervised.log.info = (event: string) => {
        if (event === 'worker started' && supervised.processes.length === 3) supervised.failing = 'Cannot start'
      }
      const reloading = supervised.reload({})
      await reloading
      assert.include(supervised.alive, supervised.processes[1])
      supervised.failing = null
      await supervised.pass(1000)
      assert.lengthOf(supervised.alive, 2)
      assert.notInclude(supervised.alive, supervised.processes[1])
    })

    it('replaces a worker once that could not be replaced, and dies before that is tried again', async () => {
      const supervised = await Supervised.start()
      await supervised.pass(10_000)
      supervised.log.info = (event: string) => {
        if (event === 'worker started' && supervised.processes.length === 3) supervised.failing = 'Cannot start'
      }
      await supervised.reload({})
      await supervised.pass(1000)
      const { length: attempts } = supervised.processes
      supervised.failing = null
      supervised.processes[1]!.endBy(KILLED)
      await supervised.pass(200)
      assert.lengthOf(supervised.processes, attempts + 1)
      await supervised.pass(5000)
      assert.lengthOf(supervised.processes, attempts + 1)
    })
  })

  describe('drain()', () => {
    it('tells all, waits for all, and adds up what they tell', async () => {
      const supervised = await Supervised.start()
      supervised.report = { finished: 2, rejected: 1, cut: { cut: 1 } }
      assert.deepEqual(await supervised.supervisor.drain(), { finished: 4, rejected: 2, cut: { cut: 2 } })
      assert.deepEqual([supervised.alive, supervised.door.open, supervised.clock.pending], [[], [], 0])
    })

    it('leaves the door open until a worker wants no more', async () => {
      const supervised = await Supervised.start()
      for (const process of supervised.processes) process.isTurning = false
      const draining = supervised.supervisor.drain()
      await settled()
      assert.lengthOf(supervised.door.open, 1)
      for (const process of supervised.processes) {
        process.isTurning = true
        process.say({ kind: 'shut' })
      }
      await draining
      assert.lengthOf(supervised.door.open, 0)
    })

    it('counts a worker that dies in it as a request that was lost, and says so', async () => {
      const supervised = await Supervised.start()
      supervised.processes[0]!.isTurning = false
      const draining = supervised.supervisor.drain()
      supervised.processes[0]!.endBy(KILLED)
      assert.deepEqual(await draining, { ...NOTHING_CUT, cut: { lost: 1 } })
      assert.deepInclude(supervised.events('worker lost in the drain')[0], { worker: 1, signal: 'SIGKILL' })
    })

    it('counts what a worker has told that drained by itself just before', async () => {
      const supervised = await Supervised.start()
      supervised.report = { finished: 3, rejected: 0, cut: {} }
      supervised.processes[0]!.say({ kind: 'shut' })
      await settled()
      assert.deepEqual(await supervised.supervisor.drain(), { finished: 6, rejected: 0, cut: {} })
    })

    it('ends a reload that is under way', async () => {
      const supervised = await Supervised.start()
      supervised.supervisor.reload()
      await supervised.supervisor.drain()
      await supervised.pass(500)
      assert.deepEqual([supervised.alive, supervised.events('reload refused')], [[], []])
    })

    it('kills a worker in it that does not answer', async () => {
      const supervised = await Supervised.start()
      supervised.processes[0]!.isTurning = false
      const draining = supervised.supervisor.drain()
      await supervised.pass(TIMEOUT_MS + 3000)
      assert.deepEqual((await draining).cut, { lost: 1 })
    })
  })

  it('force() kills all', async () => {
    const supervised = await Supervised.start()
    supervised.supervisor.force()
    await settled()
    assert.lengthOf(supervised.alive, 0)
  })
})
