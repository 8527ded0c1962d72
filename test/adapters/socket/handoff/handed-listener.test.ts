import { Socket } from 'node:net'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { HandedListener } from '../../../../src/adapters/socket/handoff/handed-listener.js'
import { SocketAdopter } from '../../../../src/adapters/socket/handoff/socket-adopter.js'
import { PlainSetup } from '../../../../src/adapters/socket/net/connection-setup.js'
import { NetAcceptor } from '../../../../src/adapters/socket/handoff/net-acceptor.js'
import type { Address, Listening } from '../../../../src/ports/serving/transport.js'
import type { Acceptor, HandedConnection } from '../../../../src/ports/workers/worker-processes.js'
import { doorContract } from '../../../contract/acceptor.js'
import { transportContract, until } from '../../../contract/transport.js'
import { handed, NearHatch } from '../handed-off.js'
import { SocketPeer } from '../raw-peer.js'
import { SocketDoor } from '../socket-acceptor.js'

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }
const CHUNK = 65_536

const toDoor = (to: Address): Promise<SocketPeer> => SocketPeer.to(to)

doorContract('NetDoor', () => ({ door: new NetAcceptor(), connect: toDoor }))
doorContract('NetDoor, where handles look different,', () => ({ door: new SocketDoor(), connect: toDoor }))

const sockets = (): SocketAdopter => new SocketAdopter(CHUNK, new PlainSetup(CHUNK))

transportContract('NetTransport, of a handle that was handed over,', () => handed(new NetAcceptor(), sockets(), CHUNK))
transportContract('NetTransport, of a socket that was handed over,', () => handed(new SocketDoor(), sockets(), CHUNK))

describe('HandedListener', () => {
  it('is known as net, and listens where the supervisor does', async () => {
    const address = { host: '127.0.0.1', port: 4000 }
    const listener = new HandedListener(sockets(), new NearHatch(address))
    const listened = await listener.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    assert.deepEqual([listener.name, listened.address], ['net', address])
  })
})

describe('NetDoor', () => {
  const open: Listening[] = []

  async function listen(door: Acceptor) {
    const connections: HandedConnection[] = []
    const listened = await door.listen(ANY_PORT, (connection) => connections.push(connection))
    open.push(listened)
    return { ...listened, connections }
  }

  afterEach(async () => {
    for (const listened of open.splice(0)) await listened.close()
  })

  for (const [door, name] of [
    [new NetAcceptor(), 'a handle'],
    [new SocketDoor(), 'a socket'],
  ] as const) {
    it(`hands over ${name}, of which nothing has been read`, async () => {
      const { address, connections } = await listen(door)
      const peer = await SocketPeer.to(address)
      peer.send('early')
      await until('it', () => connections.length === 1)
      assert.equal(connections[0]!.handle instanceof Socket, name === 'a socket')
      connections[0]!.release()
      await until('its end', () => peer.ended || peer.cut)
    })
  }
})
