import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import type { Address, Listening, ListenError } from '../../src/ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../src/ports/workers/worker-processes.js'
import { type RawPeer } from './transport.js'
import { eventually } from '../support/waiting.js'

/** A peer's view of its connection. */
type Peer = Pick<RawPeer, 'ended' | 'cut' | 'reset'>

/** An acceptor, and a way for peers to connect to it. */
export interface AcceptorUnderTest {
  readonly acceptor: Acceptor
  /** Rejects when nothing listens at the address. */
  connect(to: Address): Promise<Peer>
}

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }

/** The contract of every acceptor. */
export function acceptorContract(name: string, make: () => AcceptorUnderTest): void {
  describe(`${name} keeps the contract of an acceptor`, () => {
    const open: Listening[] = []
    const peers: Peer[] = []

    afterEach(async () => {
      for (const peer of peers.splice(0)) peer.reset()
      for (const { close } of open.splice(0)) await close()
    })

    async function connect({ connect }: AcceptorUnderTest, to: Address): Promise<Peer> {
      const peer = await connect(to)
      peers.push(peer)
      return peer
    }

    /** Listens, and collects the accepted connections. */
    async function listen({ acceptor }: AcceptorUnderTest, at = ANY_PORT) {
      const accepted: HandedConnection[] = []
      const listening = await acceptor.listen(at, (connection) => accepted.push(connection))
      open.push(listening)
      return { ...listening, accepted }
    }

    /** An accepted connection, and its peer. */
    async function connected() {
      const subject = make()
      const { address, accepted } = await listen(subject)
      const peer = await connect(subject, address)
      await eventually('the connection', () => accepted.length > 0)
      return { connection: accepted[0]!, peer }
    }

    it('reports the address it is bound to', async () => {
      const { address } = await listen(make())
      assert.equal(address.host, ANY_PORT.host)
      assert.isAbove(address.port, 0)
    })

    it('passes on each connection, and keeps it open', async () => {
      const subject = make()
      const { address, accepted } = await listen(subject)
      const both = [await connect(subject, address), await connect(subject, address)]
      await eventually('both connections', () => accepted.length === 2)
      assert.isTrue(both.every(({ ended, cut }) => !ended && !cut))
      for (const connection of accepted) connection.release()
    })

    it('releases a connection that no other process holds: the peer sees its end', async () => {
      const { connection, peer } = await connected()
      connection.release()
      await eventually('its end', () => peer.ended)
      assert.isFalse(peer.cut)
    })

    it('resets a connection that no process will serve', async () => {
      const { connection, peer } = await connected()
      connection.abort()
      await eventually('the cut', () => peer.cut)
    })

    it('fails with EADDRINUSE when the address is in use', async () => {
      const subject = make()
      const { address } = await listen(subject)
      const error = await listen(subject, address).catch((each: unknown) => each)
      assert.equal((error as ListenError).code, 'EADDRINUSE')
    })

    it('listens at several addresses, and closes each separately', async () => {
      const subject = make()
      const [one, other] = [await listen(subject), await listen(subject)]
      await one.close()
      const refusal = await connect(subject, one.address).then(
        () => 'connected',
        () => 'refused',
      )
      assert.equal(refusal, 'refused')
      await connect(subject, other.address)
      await eventually('the connection', () => other.accepted.length === 1)
      other.accepted[0]!.release()
    })
  })
}
