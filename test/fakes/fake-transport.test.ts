import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { TransportReceiver } from '../../src/ports/serving/transport.js'
import { Recorder, transportContract, type RawPeer, type TransportUnderTest } from '../contract/transport.js'
import { FakeListener } from './fake-listener.js'
import { FakeTransport, turn, type FarEnd } from './fake-transport.js'

transportContract('FakeTransport', async (): Promise<TransportUnderTest> => {
  return {
    highWaterMark: 4000,
    connect: async (receiver) => {
      const transport = new FakeTransport({ highWaterMark: 4000 })
      transport.start(receiver(transport))
      return { transport, peer: rawPeer(transport.far) }
    },
    close: async () => {},
  }
})

function rawPeer(far: FarEnd): RawPeer {
  return {
    send: (text) => far.send(text),
    get reads() {
      return far.writes.map((octets) => octets.toString('latin1'))
    },
    get ended() {
      return far.ended
    },
    get cut() {
      return far.cut
    },
    stall: () => far.stall(),
    read: () => far.read(),
    end: () => far.end(),
    reset: () => far.reset(),
  }
}

describe('FakeTransport', () => {
  it('delivers what is written inside a call of the receiver before that call returns', () => {
    const transport = new FakeTransport()
    const seen = new Recorder()
    seen.onOctets = (text) => void transport.write(text.toUpperCase())
    transport.start(seen)
    transport.far.send('abcdef', 4)
    assert.deepEqual(transport.far.writes.map(String), ['ABCD', 'EF'])
    assert.equal(transport.far.take(), 'ABCDEF')
    assert.equal(transport.far.received, '')
  })

  it('overwrites the octets that it lent', () => {
    const kept: Buffer[] = []
    const transport = new FakeTransport()
    const receiver: TransportReceiver = {
      octets: (lent) => void kept.push(lent),
      ended() {},
      drained() {},
      closed() {},
    }
    transport.start(receiver)
    transport.far.send('abc')
    assert.equal(String(kept[0]), '###')
  })
})

describe('FakeListener', () => {
  it('passes connections on until it is closed', async () => {
    const listener = new FakeListener()
    const seen = new Recorder()
    const listening = await listener.listen({ host: '127.0.0.1', port: 0 }, (transport) => transport.start(seen))
    listener.connect().send('hello')
    await turn()
    assert.equal(seen.text, 'hello')
    await listening.close()
    assert.throws(() => listener.connect(), 'Cannot connect: nothing listens')
  })
})
