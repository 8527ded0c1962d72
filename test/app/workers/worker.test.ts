import { assert } from 'chai'
import { describe, it } from 'mocha'
import { Worker, type WorkerService } from '../../../src/app/workers/worker.js'
import type { SupervisedGroup } from '../../../src/app/workers/supervised-group.js'
import type { ConnectionReceiver } from '../../../src/app/workers/connection-receiver.js'
import type { GroupCounts } from '../../../src/ports/workers/worker-group.js'
import type { Credentials } from '../../../src/ports/operations/credentials.js'
import type { HandedConnection, WorkerConfiguration } from '../../../src/ports/workers/worker-processes.js'
import { RecordingEventLog } from '../../fakes/event-log.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { credentialsOf } from '../../fakes/fake-credentials.js'
import { FakeConnection } from '../../fakes/fake-acceptor.js'
import { FakeLine } from '../../fakes/fake-channel.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { NET_SOCKETS } from '../../fakes/sockets.js'
import { settled } from '../serving/served.js'
import { countsOf, NOTHING_CUT } from './supervised.js'

const WORKERS: WorkerConfiguration['workers'] = {
  configured: 2,
  ready: 1,
  lost: { died: 0, unresponsive: 0 },
  reloads: { done: 0, refused: 0 },
  renewals: { done: 0, refused: 0 },
}

const ORDERS: WorkerConfiguration = {
  worker: 2,
  settings: DEFAULT_SETTINGS,
  addresses: { http: { host: '127.0.0.1', port: 81 }, https: null, admin: null },
  secured: null,
  socket: NET_SOCKETS,
  trouble: null,
  workers: WORKERS,
  coloured: false,
}

/** A server whose start and end the test decides on, or that does both at once. */
class FakeService implements WorkerService {
  readonly log = new RecordingEventLog()
  readonly calls: string[] = []
  failure: Error | null = null
  started: Promise<void> = Promise.resolve()
  drained: Promise<void> = Promise.resolve()

  readonly server = {
    start: async () => {
      this.calls.push('start')
      await this.started
      if (this.failure !== null) throw this.failure
    },
    drain: () => this.end('drain'),
    retire: () => this.end('retire'),
  }

  counts() {
    return countsOf(3)
  }

  renew(credentials: Credentials): void {
    this.calls.push(`renew ${credentials.certificates[0].label}`)
  }

  async closeLogs(): Promise<void> {
    this.calls.push('closeLogs')
  }

  private async end(call: string) {
    this.calls.push(call)
    await this.drained
    return NOTHING_CUT
  }
}

/** A worker at the end of a channel. */
class Rig {
  readonly channel = new FakeLine()
  readonly clock = new FakeClock()
  readonly service = new FakeService()
  readonly worker: Worker
  receiver!: ConnectionReceiver
  group!: SupervisedGroup
  code: number | null = null

  constructor() {
    this.worker = new Worker(this.channel, this.clock, (_, receiver, group) => {
      this.receiver = receiver
      this.group = group
      return this.service
    })
    void this.worker.live().then((code) => (this.code = code))
  }

  /** One that serves. */
  static async start(): Promise<Rig> {
    const rig = new Rig()
    rig.channel.say({ kind: 'start', configuration: ORDERS })
    await settled()
    return rig
  }
}

describe('Worker', () => {
  it('starts as it is told, and says that it serves', async () => {
    const { channel, service } = await Rig.start()
    assert.deepEqual([channel.kinds, service.calls], [['ready'], ['start']])
  })

  it('that cannot start says why, and ends with 1', async () => {
    const rig = new Rig()
    rig.service.failure = new Error('Cannot load plugins')
    rig.channel.say({ kind: 'start', configuration: ORDERS })
    await settled()
    assert.deepEqual(rig.channel.heard, [{ kind: 'failed', message: 'Cannot load plugins' }])
    assert.equal(rig.code, 1)
    assert.include(rig.service.calls, 'closeLogs')
  })

  it('answers its heartbeat, also while it starts', async () => {
    const rig = new Rig()
    rig.service.started = new Promise(() => undefined)
    rig.channel.say({ kind: 'start', configuration: ORDERS })
    rig.channel.say({ kind: 'heartbeat', askedMs: 1234 })
    await settled()
    assert.deepEqual(rig.channel.heard, [{ kind: 'alive', askedMs: 1234 }])
  })

  it('tells what it has counted', async () => {
    const { channel } = await Rig.start()
    channel.say({ kind: 'count', query: 5 })
    assert.deepEqual(channel.heard.at(-1), { kind: 'counted', query: 5, counts: countsOf(3) })
  })

  for (const end of ['drain', 'retire'] as const) {
    it(`told to ${end} tells what came of it, with its last counts, and ends with 0`, async () => {
      const rig = await Rig.start()
      const { channel, service } = rig
      channel.say({ kind: end })
      await settled()
      assert.deepEqual(channel.heard.at(-1), { kind: 'done', report: NOTHING_CUT, counts: countsOf(3) })
      assert.deepEqual(service.calls, ['start', end, 'closeLogs'])
      assert.equal(rig.code, 0)
    })
  }

  it('told to drain while it is retired drains, and tells of one end', async () => {
    const { channel, service } = await Rig.start()
    let drained = (): void => undefined
    service.drained = new Promise((resolve) => (drained = resolve))
    channel.say({ kind: 'retire' })
    await settled()
    channel.say({ kind: 'drain' })
    await settled()
    drained()
    await settled()
    assert.deepEqual(service.calls, ['start', 'retire', 'drain', 'closeLogs'])
    assert.lengthOf(
      channel.kinds.filter((kind) => kind === 'done'),
      1,
    )
  })

  it('told to drain while it starts does so when it has started', async () => {
    const rig = new Rig()
    let started = (): void => undefined
    rig.service.started = new Promise((resolve) => (started = resolve))
    rig.channel.say({ kind: 'start', configuration: ORDERS })
    rig.channel.say({ kind: 'drain' })
    await settled()
    assert.notInclude(rig.service.calls, 'drain')
    started()
    await settled()
    assert.equal(rig.code, 0)
  })

  it('whose supervisor is gone drains, and ends', async () => {
    const rig = await Rig.start()
    rig.channel.leave()
    await settled()
    assert.include(rig.service.calls, 'drain')
    assert.equal(rig.code, 0)
  })

  it('without configuration just ends when its supervisor is gone', async () => {
    const rig = new Rig()
    rig.channel.leave()
    await settled()
    assert.equal(rig.code, 0)
  })

  it('takes up new certificates', async () => {
    const { channel, service } = await Rig.start()
    channel.say({ kind: 'renewal', credentials: credentialsOf({ label: 'renewed' }) })
    assert.deepEqual(service.calls, ['start', 'renew renewed'])
  })

  describe('its receiver', () => {
    /** A receiver that is open, and what was taken. */
    async function open() {
      const rig = await Rig.start()
      const taken: HandedConnection[] = []
      rig.receiver.at('http').open((connection) => taken.push(connection))
      const { channel, clock, receiver } = rig
      return { channel, clock, receiver, taken }
    }

    it('is where the supervisor listens', async () =>
      assert.deepEqual((await Rig.start()).receiver.at('http').address, ORDERS.addresses.http))

    it('of two doors is open when both have one who takes what comes, and gives each its own', async () => {
      const rig = new Rig()
      const https = { host: '127.0.0.1', port: 444 }
      rig.channel.say({ kind: 'start', configuration: { ...ORDERS, addresses: { ...ORDERS.addresses, https } } })
      await settled()
      const taken: string[] = []
      rig.receiver.at('https').open(() => taken.push('https'))
      assert.notInclude(rig.channel.kinds, 'open')
      rig.receiver.at('http').open(() => taken.push('http'))
      assert.include(rig.channel.kinds, 'open')
      for (const entry of ['https', 'http'] as const) {
        const message = { kind: 'connection', connection: 7, entry, freshUntil: rig.clock.machine() } as const
        rig.channel.say(message, new FakeConnection())
      }
      assert.deepEqual(taken, ['https', 'http'])
      assert.deepEqual(rig.receiver.at('https').address, https)
    })

    it('takes a fresh connection at once, and says so before', async () => {
      const { channel, clock, taken } = await open()
      const connection = new FakeConnection()
      channel.say({ kind: 'connection', connection: 7, entry: 'http', freshUntil: clock.machine() }, connection)
      assert.deepEqual(channel.heard.slice(1), [{ kind: 'open' }, { kind: 'taken', connection: 7 }])
      assert.deepEqual(taken, [connection])
    })

    for (const granted of [true, false]) {
      it(`asks for one that came late, and ${granted ? 'takes it' : 'lets it go'} by the answer`, async () => {
        const { channel, clock, taken } = await open()
        const connection = new FakeConnection()
        channel.say({ kind: 'connection', connection: 7, entry: 'http', freshUntil: clock.machine() - 1 }, connection)
        assert.deepEqual([channel.heard.at(-1), taken], [{ kind: 'wanted', connection: 7 }, []])
        channel.say({ kind: 'granted', connection: 7, granted })
        assert.deepEqual([taken.length, connection.fate], granted ? [1, 'held'] : [0, 'released'])
      })
    }

    it('asks for one that came late, though the wall clock was set back meanwhile', async () => {
      const { channel, clock, taken } = await open()
      const freshUntil = clock.machine() + 200
      clock.advance(1000)
      clock.wallOffsetMs -= 3_600_000
      channel.say({ kind: 'connection', connection: 7, entry: 'http', freshUntil }, new FakeConnection())
      assert.deepEqual([channel.heard.at(-1), taken], [{ kind: 'wanted', connection: 7 }, []])
    })

    it('acknowledges one whose peer has left under way, of which there is nothing to take', async () => {
      const { channel, clock, taken } = await open()
      channel.say({ kind: 'connection', connection: 7, entry: 'http', freshUntil: clock.machine() })
      assert.deepEqual([channel.heard.at(-1), taken], [{ kind: 'taken', connection: 7 }, []])
    })

    it('is closed when the supervisor says that none follows; those before are taken', async () => {
      const { receiver, channel, clock, taken } = await open()
      let closed = false
      void receiver
        .at('http')
        .close()
        .then(() => (closed = true))
      channel.say(
        { kind: 'connection', connection: 7, entry: 'http', freshUntil: clock.machine() },
        new FakeConnection(),
      )
      await settled()
      assert.deepEqual([channel.kinds.includes('shut'), closed, taken.length], [true, false, 1])
      channel.say({ kind: 'shut' })
      await settled()
      assert.isTrue(closed)
    })

    it('is not closed while one is asked for', async () => {
      const { receiver, channel, clock, taken } = await open()
      let closed = false
      void receiver
        .at('http')
        .close()
        .then(() => (closed = true))
      channel.say(
        { kind: 'connection', connection: 7, entry: 'http', freshUntil: clock.machine() - 1 },
        new FakeConnection(),
      )
      channel.say({ kind: 'shut' })
      await settled()
      assert.isFalse(closed)
      channel.say({ kind: 'granted', connection: 7, granted: true })
      await settled()
      assert.deepEqual([closed, taken.length], [true, 1])
    })

    it('is not closed while one is asked for, though none follows any more', async () => {
      const { receiver, channel, clock, taken } = await open()
      channel.say(
        { kind: 'connection', connection: 7, entry: 'http', freshUntil: clock.machine() - 1 },
        new FakeConnection(),
      )
      channel.say({ kind: 'shut' })
      let closed = false
      void receiver
        .at('http')
        .close()
        .then(() => (closed = true))
      await settled()
      assert.isFalse(closed)
      channel.say({ kind: 'granted', connection: 7, granted: true })
      await settled()
      assert.deepEqual([closed, taken.length], [true, 1])
    })

    it('is closed when the supervisor is gone, and what was asked for is let go', async () => {
      const { receiver, channel, clock } = await open()
      const connection = new FakeConnection()
      channel.say({ kind: 'connection', connection: 7, entry: 'http', freshUntil: clock.machine() - 1 }, connection)
      channel.leave()
      await receiver.at('http').close()
      assert.equal(connection.fate, 'released')
    })
  })

  describe('its group', () => {
    const crewCounts = (accepted: number): GroupCounts => ({
      present: [{ worker: 1, pid: 1, counts: countsOf(accepted) }],
      gone: [],
      workers: { ...WORKERS, ready: 2 },
    })

    it('has its number, and the trouble that it is told of', async () => {
      const { group, channel } = await Rig.start()
      assert.deepEqual([group.worker, group.trouble], [2, null])
      channel.say({ kind: 'trouble', trouble: 'workers crash' })
      assert.equal(group.trouble, 'workers crash')
    })

    it('asks the supervisor, each question by itself', async () => {
      const { group, channel } = await Rig.start()
      const [one, other] = [group.counts(countsOf(1)), group.counts(countsOf(2))]
      assert.deepEqual(channel.heard.slice(1), [
        { kind: 'counts', query: 1, own: countsOf(1) },
        { kind: 'counts', query: 2, own: countsOf(2) },
      ])
      channel.say({ kind: 'group', query: 2, counts: crewCounts(20) })
      channel.say({ kind: 'group', query: 1, counts: crewCounts(10) })
      assert.deepEqual(await Promise.all([one, other]), [crewCounts(10), crewCounts(20)])
    })

    it('is itself when there is no answer in time, or nobody to ask', async () => {
      const { group, clock, channel } = await Rig.start()
      const own = { present: [{ worker: 2, pid: process.pid, counts: countsOf(1) }], gone: [], workers: WORKERS }
      const late = group.counts(countsOf(1))
      clock.advance(2500)
      assert.deepEqual(await late, own)
      channel.leave()
      assert.deepEqual(await group.counts(countsOf(1)), own)
    })
  })
})
