import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { BufferPool } from '../../../src/adapters/socket/buffer-pool.js'
import { onConnection, onLentConnection, type TakeOctets } from '../../../src/adapters/socket/lent-reads.js'
import { NetTransport, takeOctets } from '../../../src/adapters/socket/net-transport.js'
import type { Transport, TransportReceiver } from '../../../src/ports/transport.js'
import { transportContract, type TransportUnderTest } from '../../contract/transport.js'
import { SocketPeer } from './raw-peer.js'

type Accepting = (server: Server, take: TakeOctets, accept: (socket: Socket) => void) => void

const OPTIONS = { highWaterMark: 65_536, pieces: new BufferPool(65_536, 4) }

transportContract('NetTransport, reading into a lent buffer,', () =>
  subject((server, take, accept) => onLentConnection(server, 65_536, take, accept)),
)

transportContract('NetTransport, reading by events,', () => subject(onConnection))

/** Connects over loopback, one connection at a time. */
async function subject(accepting: Accepting): Promise<TransportUnderTest> {
  let accept: (transport: Transport) => void
  const server = createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  accepting(server, takeOctets, (socket) => accept(new NetTransport(socket, OPTIONS)))
  const { address, port } = server.address() as AddressInfo
  return {
    highWaterMark: OPTIONS.highWaterMark,
    connect: async (receiver: (transport: Transport) => TransportReceiver) => {
      const accepted = new Promise<Transport>((resolve) => {
        accept = (transport) => {
          transport.start(receiver(transport))
          resolve(transport)
        }
      })
      const peer = await SocketPeer.to({ host: address, port })
      return { transport: await accepted, peer }
    },
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
