import type { SocketKind } from '../../../ports/serving/sockets.js'
import type { Address, Listener, Listening, Transport } from '../../../ports/serving/transport.js'
import type { HandedConnection, HandedConnections } from '../../../ports/workers/worker-processes.js'

/** Makes transports of connections that were handed over. */
export interface ConnectionAdopter {
  readonly name: SocketKind
  /** It becomes a transport now, or later, or never. */
  adopt(connection: HandedConnection, accept: (transport: Transport) => void): void
  /** None comes any more. Resolves when none is left that may still become a transport. */
  close(): Promise<void>
  /** Gives those up that may. */
  cut(): void
}

/** A worker process listens to its supervisor, which takes the connections. */
export class HandedListener implements Listener {
  readonly name: SocketKind

  constructor(
    private readonly taking: ConnectionAdopter,
    private readonly handed: HandedConnections,
  ) {
    this.name = taking.name
  }

  /** Where the supervisor listens, wherever we are told to. */
  listen(_at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    const { handed, taking } = this
    handed.open((connection) => taking.adopt(connection, accept))
    const close = async (): Promise<void> => {
      await handed.close()
      await taking.close()
    }
    return Promise.resolve({ address: handed.address, close, cut: () => taking.cut() })
  }
}
