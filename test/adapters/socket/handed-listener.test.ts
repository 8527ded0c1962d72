import { Socket } from 'node:net'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { HandedListener } from '../../../src/adapters/socket/handed-listener.js'
import { PlainReception } from '../../../src/adapters/socket/reception.js'
import { NetDoor } from '../../../src/adapters/socket/net-door.js'
import type { Address, Listening } from '../../../src/ports/transport.js'
import type { Door, HandedConnection, Hatch } from '../../../src/ports/workers.js'
import { doorContract } from '../../contract/door.js'
import { transportContract, until, type TransportUnderTest } from '../../contract/transport.js'
import { Accepting } from './accepting.js'
import { SocketPeer } from './raw-peer.js'
import { SocketDoor } from './socket-door.js'

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }
const CHUNK = 65_536

/** A hatch that is beside the door, in one process. */
class NearHatch implements Hatch {
  give: (connection: HandedConnection) => void = () => undefined

  constructor(readonly address: Address) {}

  open(take: (connection: HandedConnection) => void): void {
    this.give = take
  }

  async close(): Promise<void> {}
}

const toDoor = (to: Address): Promise<SocketPeer> => SocketPeer.to(to)

doorContract('NetDoor', () => ({ door: new NetDoor(), connect: toDoor }))
doorContract('NetDoor, where handles look different,', () => ({ door: new SocketDoor(), connect: toDoor }))

transportContract('NetTransport, of a handle that was handed over,', () => subject(new NetDoor()))
transportContract('NetTransport, of a socket that was handed over,', () => subject(new SocketDoor()))

async function subject(door: Door): Promise<TransportUnderTest> {
  const accepting = new Accepting()
  const arrived = (connection: HandedConnection): void => hatch.give(connection)
  const { address, close } = await door.listen(ANY_PORT, arrived)
  const hatch = new NearHatch(address)
  await new HandedListener(CHUNK, new PlainReception(CHUNK), hatch).listen(ANY_PORT, (transport) =>
    accepting.accept(transport),
  )
  return {
    highWaterMark: CHUNK,
    connect: (receiver) => accepting.connect(address, receiver),
    close,
  }
}

describe('HandedListener', () => {
  it('is known as net, and listens where the supervisor does', async () => {
    const address = { host: '127.0.0.1', port: 4000 }
    const listener = new HandedListener(CHUNK, new PlainReception(CHUNK), new NearHatch(address))
    const listened = await listener.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    assert.deepEqual([listener.name, listened.address], ['net', address])
  })
})

describe('NetDoor', () => {
  const open: Listening[] = []

  async function listen(door: Door) {
    const connections: HandedConnection[] = []
    const listened = await door.listen(ANY_PORT, (connection) => connections.push(connection))
    open.push(listened)
    return { ...listened, connections }
  }

  afterEach(async () => {
    for (const listened of open.splice(0)) await listened.close()
  })

  for (const [door, name] of [
    [new NetDoor(), 'a handle'],
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
