import { createServer, Socket } from 'node:net'
import { assert } from 'chai'
import { afterEach, describe, it } from 'mocha'
import { HandedListener } from '../../../src/adapters/socket/handed-listener.js'
import { handedConnection } from '../../../src/adapters/socket/handed-connection.js'
import { NetDoor } from '../../../src/adapters/socket/net-door.js'
import { bind, listening } from '../../../src/adapters/socket/listening.js'
import type { Address, Listening, ListenError, Transport, TransportReceiver } from '../../../src/ports/transport.js'
import type { Door, HandedConnection, Hatch } from '../../../src/ports/workers.js'
import { transportContract, until, type TransportUnderTest } from '../../contract/transport.js'
import { SocketPeer } from './raw-peer.js'

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }
const OPTIONS = { readChunkSize: 65_536, writeChunkSize: 65_536 }

/** A hatch that is beside the door, in one process. */
class NearHatch implements Hatch {
  give: (connection: HandedConnection) => void = () => undefined

  constructor(readonly address: Address) {}

  open(take: (connection: HandedConnection) => void): void {
    this.give = take
  }

  async close(): Promise<void> {}
}

/** The door where Node's handles look different. */
class SocketDoor implements Door {
  async listen(at: Address, arrived: (connection: HandedConnection) => void): Promise<Listening> {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true })
    await bind(server, at)
    server.on('connection', (socket) => arrived(handedConnection(socket)))
    return listening(server)
  }
}

transportContract('NetTransport, of a handle that was handed over,', () => subject(new NetDoor()))
transportContract('NetTransport, of a socket that was handed over,', () => subject(new SocketDoor()))

async function subject(door: Door): Promise<TransportUnderTest> {
  let accept: (transport: Transport) => void
  const arrived = (connection: HandedConnection): void => hatch.give(connection)
  const { address, close } = await door.listen(ANY_PORT, arrived)
  const hatch = new NearHatch(address)
  await new HandedListener(OPTIONS, hatch).listen(ANY_PORT, (transport) => accept(transport))
  return {
    highWaterMark: OPTIONS.writeChunkSize,
    connect: async (receiver: (transport: Transport) => TransportReceiver) => {
      const accepted = new Promise<Transport>((resolve) => {
        accept = (transport) => {
          transport.start(receiver(transport))
          resolve(transport)
        }
      })
      const peer = await SocketPeer.to(address)
      return { transport: await accepted, peer }
    },
    close,
  }
}

describe('HandedListener', () => {
  it('is known as net, and listens where the supervisor does', async () => {
    const address = { host: '127.0.0.1', port: 4000 }
    const listener = new HandedListener(OPTIONS, new NearHatch(address))
    const listened = await listener.listen({ host: '127.0.0.1', port: 0 }, () => undefined)
    assert.deepEqual([listener.name, listened.address], ['net', address])
  })
})

describe('NetDoor', () => {
  const open: Listening[] = []

  async function listen(door: Door = new NetDoor(), at = ANY_PORT) {
    const connections: HandedConnection[] = []
    const listened = await door.listen(at, (connection) => connections.push(connection))
    open.push(listened)
    return { ...listened, connections }
  }

  afterEach(async () => {
    for (const listened of open.splice(0)) await listened.close()
  })

  it('names a port that is taken', async () => {
    const { address } = await listen()
    const error = await listen(new NetDoor(), address).catch((each: unknown) => each)
    assert.equal((error as ListenError).code, 'EADDRINUSE')
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

    it(`resets ${name} that nobody will serve`, async () => {
      const { address, connections } = await listen(door)
      const peer = await SocketPeer.to(address)
      await until('it', () => connections.length === 1)
      connections[0]!.abort()
      await until('the cut', () => peer.cut)
    })
  }
})
