import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import type { Address, Listening, ListenError } from '../../src/ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../src/ports/workers/worker-processes.js'
import { until, type RawPeer } from './transport.js'

/** What a peer knows of its connection. */
type Peer = Pick<RawPeer, 'ended' | 'cut' | 'reset'>

/** A door, and how peers come to it. */
export interface DoorUnderTest {
  readonly door: Acceptor
  /** Rejects when nobody listens there. */
  connect(to: Address): Promise<Peer>
}

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }

/** What every door keeps. */
export function doorContract(name: string, make: () => DoorUnderTest): void {
  describe(`${name} keeps the contract of a door`, () => {
    const open: Listening[] = []
    const peers: Peer[] = []

    afterEach(async () => {
      for (const peer of peers.splice(0)) peer.reset()
      for (const { close } of open.splice(0)) await close()
    })

    async function connect({ connect }: DoorUnderTest, to: Address): Promise<Peer> {
      const peer = await connect(to)
      peers.push(peer)
      return peer
    }

    /** Listens, and collects what arrives. */
    async function listen({ door }: DoorUnderTest, at = ANY_PORT) {
      const arrived: HandedConnection[] = []
      const listening = await door.listen(at, (connection) => arrived.push(connection))
      open.push(listening)
      return { ...listening, arrived }
    }

    /** A connection at a door, and its peer. */
    async function connected() {
      const subject = make()
      const { address, arrived } = await listen(subject)
      const peer = await connect(subject, address)
      await until('its arrival', () => arrived.length > 0)
      return { connection: arrived[0]!, peer }
    }

    it('tells where it listens', async () => {
      const { address } = await listen(make())
      assert.equal(address.host, ANY_PORT.host)
      assert.isAbove(address.port, 0)
    })

    it('gives each connection that arrives, and holds it', async () => {
      const subject = make()
      const { address, arrived } = await listen(subject)
      const both = [await connect(subject, address), await connect(subject, address)]
      await until('their arrival', () => arrived.length === 2)
      assert.isTrue(both.every(({ ended, cut }) => !ended && !cut))
      for (const connection of arrived) connection.release()
    })

    it('gives its hold up: nobody else has it, and the peer sees its end', async () => {
      const { connection, peer } = await connected()
      connection.release()
      await until('its end', () => peer.ended)
      assert.isFalse(peer.cut)
    })

    it('resets one that nobody will serve', async () => {
      const { connection, peer } = await connected()
      connection.abort()
      await until('the cut', () => peer.cut)
    })

    it('names an address that is taken', async () => {
      const subject = make()
      const { address } = await listen(subject)
      const error = await listen(subject, address).catch((each: unknown) => each)
      assert.equal((error as ListenError).code, 'EADDRINUSE')
    })

    it('listens at several addresses, and leaves one of them when told to', async () => {
      const subject = make()
      const [one, other] = [await listen(subject), await listen(subject)]
      await one.close()
      const refusal = await connect(subject, one.address).then(
        () => 'connected',
        () => 'refused',
      )
      assert.equal(refusal, 'refused')
      await connect(subject, other.address)
      await until('its arrival', () => other.arrived.length === 1)
      other.arrived[0]!.release()
    })
  })
}
