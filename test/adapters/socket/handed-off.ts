import { HandedListener, type ConnectionAdopter } from '../../../src/adapters/socket/handoff/handed-listener.js'
import type { Address } from '../../../src/ports/serving/transport.js'
import type { Acceptor, HandedConnection, HandedConnections } from '../../../src/ports/workers/worker-processes.js'
import type { TransportUnderTest } from '../../contract/transport.js'
import { Accepting } from './accepting.js'

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }

/** Connections handed off within one process. */
export class LocalConnections implements HandedConnections {
  handOff: (connection: HandedConnection) => void = () => undefined

  constructor(readonly address: Address) {}

  open(accept: (connection: HandedConnection) => void): void {
    this.handOff = accept
  }

  async close(): Promise<void> {}
}

/** Makes transports of connections that an acceptor hands off. */
export async function handedTransports(
  acceptor: Acceptor,
  adopter: ConnectionAdopter,
  highWaterMark: number,
): Promise<TransportUnderTest> {
  const accepting = new Accepting()
  const listening = await acceptor.listen(ANY_PORT, (connection) => connections.handOff(connection))
  const connections = new LocalConnections(listening.address)
  const listener = new HandedListener(adopter, connections)
  const { close } = await listener.listen(ANY_PORT, (transport) => accepting.accept(transport))
  return {
    highWaterMark,
    connect: (receiver) => accepting.connect(listening.address, receiver),
    close: async () => {
      await listening.close()
      await close()
    },
  }
}
