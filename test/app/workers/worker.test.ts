import { assert } from 'chai'
import { describe, it } from 'mocha'
import { deferred } from '../../../src/domain/deferred.js'
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
import { FakeChannel } from '../../fakes/fake-channel.js'
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

const CONFIGURATION: WorkerConfiguration = {
  worker: 2,
  settings: DEFAULT_SETTINGS,
  addresses: { http: { host: '127.0.0.1', port: 81 }, https: null, admin: null },
  tlsMaterial: null,
  socket: NET_SOCKETS,
  trouble: null,
  workers: WORKERS,
  coloured: false,
}

/** A service that starts and drains at once, unless the test says otherwise. */
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

/** A worker with a fake channel, clock and service. */
class TestWorker {
  readonly channel = new FakeChannel()
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

  /** Starts a worker, and waits until it is ready. */
  static async start(): Promise<TestWorker> {
    const subject = new TestWorker()
    subject.channel.deliver({ kind: 'start', configuration: CONFIGURATION })
    await settled()
    return subject
  }
}

describe('Worker', () => {
  it('starts its server, and reports that it is ready', async () => {
    const { channel, service } = await TestWorker.start()
    assert.deepEqual([channel.sentKinds, service.calls], [['ready'], ['start']])
  })

  it('that cannot start reports the error, and ends with 1', async () => {
    const subject = new TestWorker()
    subject.service.failure = new Error('Cannot load plugins')
    subject.channel.deliver({ kind: 'start', configuration: CONFIGURATION })
    await settled()
    assert.deepEqual(subject.channel.sent, [{ kind: 'failed', message: 'Cannot load plugins' }])
    assert.equal(subject.code, 1)
    assert.include(subject.service.calls, 'closeLogs')
  })

  it('answers a heartbeat, even while it starts', async () => {
    const subject = new TestWorker()
    subject.service.started = new Promise(() => undefined)
    subject.channel.deliver({ kind: 'start', configuration: CONFIGURATION })
    subject.channel.deliver({ kind: 'heartbeat', sentMs: 1234 })
    await settled()
    assert.deepEqual(subject.channel.sent, [{ kind: 'alive', sentMs: 1234 }])
  })

  it('reports its counts when it is asked', async () => {
    const { channel } = await TestWorker.start()
    channel.deliver({ kind: 'count', query: 5 })
    assert.deepEqual(channel.sent.at(-1), { kind: 'counts', query: 5, counts: countsOf(3) })
  })

  for (const end of ['drain', 'retire'] as const) {
    it(`asked to ${end} sends its report with its last counts, and ends with 0`, async () => {
      const subject = await TestWorker.start()
      const { channel, service } = subject
      channel.deliver({ kind: end })
      await settled()
      assert.deepEqual(channel.sent.at(-1), { kind: 'drained', report: NOTHING_CUT, counts: countsOf(3) })
      assert.deepEqual(service.calls, ['start', end, 'closeLogs'])
      assert.equal(subject.code, 0)
    })
  }

  it('asked to drain while it is retired drains, and sends one report', async () => {
    const { channel, service } = await TestWorker.start()
    const drained = deferred()
    service.drained = drained.promise
    channel.deliver({ kind: 'retire' })
    await settled()
    channel.deliver({ kind: 'drain' })
    await settled()
    drained.resolve()
    await settled()
    assert.deepEqual(service.calls, ['start', 'retire', 'drain', 'closeLogs'])
    assert.lengthOf(
      channel.sentKinds.filter((kind) => kind === 'drained'),
      1,
    )
  })

  it('asked to drain while it starts drains when it has started', async () => {
    const subject = new TestWorker()
    const started = deferred()
    subject.service.started = started.promise
    subject.channel.deliver({ kind: 'start', configuration: CONFIGURATION })
    subject.channel.deliver({ kind: 'drain' })
    await settled()
    assert.notInclude(subject.service.calls, 'drain')
    started.resolve()
    await settled()
    assert.equal(subject.code, 0)
  })

  it('whose supervisor has died drains, and ends', async () => {
    const subject = await TestWorker.start()
    subject.channel.disconnect()
    await settled()
    assert.include(subject.service.calls, 'drain')
    assert.equal(subject.code, 0)
  })

  it('without a configuration ends at once when its supervisor has died', async () => {
    const subject = new TestWorker()
    subject.channel.disconnect()
    await settled()
    assert.equal(subject.code, 0)
  })

  it('passes new certificates to its service', async () => {
    const { channel, service } = await TestWorker.start()
    channel.deliver({ kind: 'renewal', credentials: credentialsOf({ label: 'renewed' }) })
    assert.deepEqual(service.calls, ['start', 'renew renewed'])
  })

  describe('its receiver', () => {
    /** A receiver that is open, and the connections that it accepts. */
    async function open() {
      const subject = await TestWorker.start()
      const accepted: HandedConnection[] = []
      subject.receiver.at('http').open((connection) => accepted.push(connection))
      const { channel, clock, receiver } = subject
      return { channel, clock, receiver, accepted }
    }

    it('reports the address of the supervisor', async () =>
      assert.deepEqual((await TestWorker.start()).receiver.at('http').address, CONFIGURATION.addresses.http))

    it('of two listeners opens when both have been opened, and passes each its own connections', async () => {
      const subject = new TestWorker()
      const https = { host: '127.0.0.1', port: 444 }
      subject.channel.deliver({
        kind: 'start',
        configuration: { ...CONFIGURATION, addresses: { ...CONFIGURATION.addresses, https } },
      })
      await settled()
      const accepted: string[] = []
      subject.receiver.at('https').open(() => accepted.push('https'))
      assert.notInclude(subject.channel.sentKinds, 'open')
      subject.receiver.at('http').open(() => accepted.push('http'))
      assert.include(subject.channel.sentKinds, 'open')
      for (const listener of ['https', 'http'] as const) {
        const message = { kind: 'connection', connection: 7, listener, freshUntil: subject.clock.machine() } as const
        subject.channel.deliver(message, new FakeConnection())
      }
      assert.deepEqual(accepted, ['https', 'http'])
      assert.deepEqual(subject.receiver.at('https').address, https)
    })

    it('accepts a fresh connection at once, and reports that first', async () => {
      const { channel, clock, accepted } = await open()
      const connection = new FakeConnection()
      channel.deliver({ kind: 'connection', connection: 7, listener: 'http', freshUntil: clock.machine() }, connection)
      assert.deepEqual(channel.sent.slice(1), [{ kind: 'open' }, { kind: 'accepted', connection: 7 }])
      assert.deepEqual(accepted, [connection])
    })

    for (const granted of [true, false]) {
      it(`claims a connection that came late, and ${granted ? 'accepts it when it is granted' : 'releases it when it is refused'}`, async () => {
        const { channel, clock, accepted } = await open()
        const connection = new FakeConnection()
        channel.deliver(
          { kind: 'connection', connection: 7, listener: 'http', freshUntil: clock.machine() - 1 },
          connection,
        )
        assert.deepEqual([channel.sent.at(-1), accepted], [{ kind: 'claim', connection: 7 }, []])
        channel.deliver({ kind: 'claim-answer', connection: 7, granted })
        assert.deepEqual([accepted.length, connection.fate], granted ? [1, 'held'] : [0, 'released'])
      })
    }

    it('claims a connection that came late even if the wall clock was set back meanwhile', async () => {
      const { channel, clock, accepted } = await open()
      const freshUntil = clock.machine() + 200
      clock.advance(1000)
      clock.wallOffsetMs -= 3_600_000
      channel.deliver({ kind: 'connection', connection: 7, listener: 'http', freshUntil }, new FakeConnection())
      assert.deepEqual([channel.sent.at(-1), accepted], [{ kind: 'claim', connection: 7 }, []])
    })

    it('acknowledges a connection whose peer disconnected on the way', async () => {
      const { channel, clock, accepted } = await open()
      channel.deliver({ kind: 'connection', connection: 7, listener: 'http', freshUntil: clock.machine() })
      assert.deepEqual([channel.sent.at(-1), accepted], [{ kind: 'accepted', connection: 7 }, []])
    })

    it('is closed when the supervisor says that no connection follows, and accepts those that arrive before', async () => {
      const { receiver, channel, clock, accepted } = await open()
      let closed = false
      void receiver
        .at('http')
        .close()
        .then(() => (closed = true))
      channel.deliver(
        { kind: 'connection', connection: 7, listener: 'http', freshUntil: clock.machine() },
        new FakeConnection(),
      )
      await settled()
      assert.deepEqual([channel.sentKinds.includes('close'), closed, accepted.length], [true, false, 1])
      channel.deliver({ kind: 'closed' })
      await settled()
      assert.isTrue(closed)
    })

    it('is not closed while a claim is unanswered', async () => {
      const { receiver, channel, clock, accepted } = await open()
      let closed = false
      void receiver
        .at('http')
        .close()
        .then(() => (closed = true))
      channel.deliver(
        { kind: 'connection', connection: 7, listener: 'http', freshUntil: clock.machine() - 1 },
        new FakeConnection(),
      )
      channel.deliver({ kind: 'closed' })
      await settled()
      assert.isFalse(closed)
      channel.deliver({ kind: 'claim-answer', connection: 7, granted: true })
      await settled()
      assert.deepEqual([closed, accepted.length], [true, 1])
    })

    it('is not closed while a claim is unanswered, even if no connection follows', async () => {
      const { receiver, channel, clock, accepted } = await open()
      channel.deliver(
        { kind: 'connection', connection: 7, listener: 'http', freshUntil: clock.machine() - 1 },
        new FakeConnection(),
      )
      channel.deliver({ kind: 'closed' })
      let closed = false
      void receiver
        .at('http')
        .close()
        .then(() => (closed = true))
      await settled()
      assert.isFalse(closed)
      channel.deliver({ kind: 'claim-answer', connection: 7, granted: true })
      await settled()
      assert.deepEqual([closed, accepted.length], [true, 1])
    })

    it('is closed when the supervisor has died, and releases the claimed connections', async () => {
      const { receiver, channel, clock } = await open()
      const connection = new FakeConnection()
      channel.deliver(
        { kind: 'connection', connection: 7, listener: 'http', freshUntil: clock.machine() - 1 },
        connection,
      )
      channel.disconnect()
      await receiver.at('http').close()
      assert.equal(connection.fate, 'released')
    })
  })

  describe('its group', () => {
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
})
