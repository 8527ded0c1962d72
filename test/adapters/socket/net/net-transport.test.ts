import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { BufferPool } from '../../../../src/adapters/socket/shared/buffer-pool.js'
import { onConnection, onLentConnection, type ReceiveOctets } from '../../../../src/adapters/socket/net/lent-reads.js'
import { NetTransport, deliverOctets } from '../../../../src/adapters/socket/net/net-transport.js'
import { transportContract, type TransportUnderTest } from '../../../contract/transport.js'
import { Accepting } from '../accepting.js'

type Accept = (server: Server, take: ReceiveOctets, accept: (socket: Socket) => void) => void

const OPTIONS = { highWaterMark: 65_536, pieces: new BufferPool(65_536, 4) }

transportContract('NetTransport, reading into a lent buffer,', () =>
  subject((server, take, accept) => onLentConnection(server, 65_536, take, accept)),
)

transportContract('NetTransport, reading by events,', () => subject(onConnection))

/** Transports over loopback, one connection at a time. */
async function subject(accept: Accept): Promise<TransportUnderTest> {
  const accepting = new Accepting()
  const server = createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  accept(server, deliverOctets, (socket) => accepting.accept(new NetTransport(socket, OPTIONS)))
  const { address, port } = server.address() as AddressInfo
  return {
    highWaterMark: OPTIONS.highWaterMark,
    connect: (receiver) => accepting.connect({ host: address, port }, receiver),
    close: () => new Promise((resolve) => server.close(() => resolve())),
  }
}
