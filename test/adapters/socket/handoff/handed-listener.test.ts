import { Socket } from 'node:net'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { HandedListener } from '../../../../src/adapters/socket/handoff/handed-listener.js'
import { SocketAdopter } from '../../../../src/adapters/socket/handoff/socket-adopter.js'
import { PlainSetup } from '../../../../src/adapters/socket/net/connection-setup.js'
import { NetAcceptor } from '../../../../src/adapters/socket/handoff/net-acceptor.js'
import type { Address, Listening } from '../../../../src/ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../../../src/ports/workers/worker-processes.js'
import { acceptorContract } from '../../../contract/acceptor.js'
import { transportContract } from '../../../contract/transport.js'
import { handedTransports, LocalConnections } from '../handed-off.js'
import { SocketPeer } from '../raw-peer.js'
import { SocketAcceptor } from '../socket-acceptor.js'
import { eventually } from '../../../support/waiting.js'

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }
const CHUNK = 65_536

const connect = (to: Address): Promise<SocketPeer> => SocketPeer.to(to)

acceptorContract('NetAcceptor', () => ({ acceptor: new NetAcceptor(), connect }))
acceptorContract('NetAcceptor, where handles have another shape,', () => ({ acceptor: new SocketAcceptor(), connect }))

const adopter = (): SocketAdopter => new SocketAdopter(CHUNK, new PlainSetup(CHUNK))

transportContract('NetTransport, of a handed-off handle,', () => handedTransports(new NetAcceptor(), adopter(), CHUNK))
transportContract('NetTransport, of a handed-off socket,', () =>
  handedTransports(new SocketAcceptor(), adopter(), CHUNK),
)

describe('HandedListener', () => {
  it('is named net, and reports the address of the supervisor', async () => {
    const address = { host: '127.0.0.1', port: 4000 }
    const listener = new HandedListener(adopter(), new LocalConnections(address))
    const listened = await listener.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    assert.deepEqual([listener.name, listened.address], ['net', address])
  })
})

describe('NetAcceptor', () => {
  const open: Listening[] = []

  async function listen(acceptor: Acceptor) {
    const connections: HandedConnection[] = []
    const listened = await acceptor.listen(ANY_PORT, (connection) => connections.push(connection))
    open.push(listened)
    return { ...listened, connections }
  }

  afterEach(async () => {
    for (const listened of open.splice(0)) await listened.close()
  })

  for (const [acceptor, name] of [
    [new NetAcceptor(), 'a handle'],
    [new SocketAcceptor(), 'a socket'],
  ] as const) {
    it(`passes on ${name} from which nothing has been read`, async () => {
      const { address, connections } = await listen(acceptor)
      const peer = await SocketPeer.to(address)
      peer.send('early')
      await eventually('it', () => connections.length === 1)
      assert.equal(connections[0]!.handle instanceof Socket, name === 'a socket')
      connections[0]!.release()
      await eventually('its end', () => peer.ended || peer.cut)
    })
  }
})
