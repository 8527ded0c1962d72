import { HandedListener, type ConnectionAdopter } from '../../../src/adapters/socket/handoff/handed-listener.js'
import type { Address } from '../../../src/ports/serving/transport.js'
import type { Acceptor, HandedConnection, HandedConnections } from '../../../src/ports/workers/worker-processes.js'
import type { TransportUnderTest } from '../../contract/transport.js'
import { Accepting } from './accepting.js'

const ANY_PORT: Address = { host: '127.0.0.1', port: 0 }

/** A handed that is beside the door, in one process. */
export class NearHatch implements HandedConnections {
  give: (connection: HandedConnection) => void = () => undefined

  constructor(readonly address: Address) {}

  open(take: (connection: HandedConnection) => void): void {
    this.give = take
  }

  async close(): Promise<void> {}
}

/** Transports of connections that come from a door. */
export async function handed(
  door: Acceptor,
  taking: ConnectionAdopter,
  highWaterMark: number,
): Promise<TransportUnderTest> {
  const accepting = new Accepting()
  const arrived = (connection: HandedConnection): void => handed.give(connection)
  const listening = await door.listen(ANY_PORT, arrived)
  const handed = new NearHatch(listening.address)
  const listener = new HandedListener(taking, handed)
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
