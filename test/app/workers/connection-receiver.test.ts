import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { HandedConnection } from '../../../src/ports/workers/worker-processes.js'
import { FakeConnection } from '../../fakes/fake-acceptor.js'
import { settled } from '../serving/served.js'
import { CONFIGURATION, TestWorker } from './test-worker.js'

describe('ConnectionReceiver', () => {
  /** A receiver that is open, and the connections that it accepts. */
  async function open() {
    const subject = await TestWorker.start()
    const accepted: HandedConnection[] = []
    subject.receiver.at('http').open((connection) => accepted.push(connection))
    const { channel, clock, receiver } = subject
    /** Hands off connection 7, which stays fresh for this time; it is late when the time is negative. */
    const handOff = (freshMs: number, connection: HandedConnection | null = new FakeConnection()): void => {
      const freshUntil = clock.machine() + freshMs
      channel.deliver({ kind: 'connection', connection: 7, listener: 'http', freshUntil }, connection)
    }
    /** Closes the receiver, and follows whether that is done. */
    const close = (): { isClosed: boolean } => {
      const state = { isClosed: false }
      const closed = receiver.at('http').close()
      void closed.then(() => (state.isClosed = true))
      return state
    }
    return { channel, clock, receiver, accepted, handOff, close }
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
    const { channel, accepted, handOff } = await open()
    const connection = new FakeConnection()
    handOff(0, connection)
    assert.deepEqual(channel.sent.slice(1), [{ kind: 'open' }, { kind: 'accepted', connection: 7 }])
    assert.deepEqual(accepted, [connection])
  })

  it('closes a connection of a listener that a reload has removed', async () => {
    const { channel, clock, accepted } = await open()
    const connection = new FakeConnection()
    channel.deliver({ kind: 'connection', connection: 7, listener: 'admin', freshUntil: clock.machine() }, connection)
    assert.deepEqual([accepted, connection.fate], [[], 'released'])
    assert.deepEqual(channel.sent.at(-1), { kind: 'accepted', connection: 7 })
  })

  for (const granted of [true, false]) {
    it(`claims a connection that came late, and ${granted ? 'accepts it when it is granted' : 'releases it when it is refused'}`, async () => {
      const { channel, accepted, handOff } = await open()
      const connection = new FakeConnection()
      handOff(-1, connection)
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
    const { channel, accepted, handOff } = await open()
    handOff(0, null)
    assert.deepEqual([channel.sent.at(-1), accepted], [{ kind: 'accepted', connection: 7 }, []])
  })

  it('is closed when the supervisor says that no connection follows, and accepts those that arrive before', async () => {
    const { channel, accepted, handOff, close } = await open()
    const closing = close()
    handOff(0)
    await settled()
    assert.deepEqual([channel.sentKinds.includes('close'), closing.isClosed, accepted.length], [true, false, 1])
    channel.deliver({ kind: 'closed' })
    await settled()
    assert.isTrue(closing.isClosed)
  })

  it('is not closed while a claim is unanswered', async () => {
    const { channel, accepted, handOff, close } = await open()
    const closing = close()
    handOff(-1)
    channel.deliver({ kind: 'closed' })
    await settled()
    assert.isFalse(closing.isClosed)
    channel.deliver({ kind: 'claim-answer', connection: 7, granted: true })
    await settled()
    assert.deepEqual([closing.isClosed, accepted.length], [true, 1])
  })

  it('is not closed while a claim is unanswered, even if it is closed after the last connection', async () => {
    const { channel, accepted, handOff, close } = await open()
    handOff(-1)
    channel.deliver({ kind: 'closed' })
    const closing = close()
    await settled()
    assert.isFalse(closing.isClosed)
    channel.deliver({ kind: 'claim-answer', connection: 7, granted: true })
    await settled()
    assert.deepEqual([closing.isClosed, accepted.length], [true, 1])
  })

  it('is closed when the supervisor has died, and releases the claimed connections', async () => {
    const { receiver, channel, handOff } = await open()
    const connection = new FakeConnection()
    handOff(-1, connection)
    channel.disconnect()
    await receiver.at('http').close()
    assert.equal(connection.fate, 'released')
  })
})
