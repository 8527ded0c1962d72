import type { SocketKind } from '../../../ports/serving/sockets.js'
import type { Address, Listener, Listening, Transport } from '../../../ports/serving/transport.js'
import type { HandedConnection, HandedConnections } from '../../../ports/workers/worker-processes.js'

/** Makes transports from connections that another process has handed off. */
export interface ConnectionAdopter {
  readonly name: SocketKind
  /** Makes a transport of the connection and calls `accept`: at once, later (after a TLS handshake), or never (it failed). */
  adopt(connection: HandedConnection, accept: (transport: Transport) => void): void
  /** No more connections follow. Resolves when no connection is left that may still become a transport. */
  close(): Promise<void>
  /** Aborts the connections that have not become a transport yet. */
  giveUpAll(): void
}

/** The listener of a worker process: it receives connections from its supervisor instead of binding an address. */
export class HandedListener implements Listener {
  readonly name: SocketKind

  constructor(
    private readonly adopter: ConnectionAdopter,
    private readonly connections: HandedConnections,
  ) {
    this.name = adopter.name
  }

  /** @returns the address of the supervisor, whatever `_at` says */
  listen(_at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    const { connections, adopter } = this
    connections.open((connection) => adopter.adopt(connection, accept))
    const close = async (): Promise<void> => {
      await connections.close()
      await adopter.close()
    }
    return Promise.resolve({ address: connections.address, close, giveUpAll: () => adopter.giveUpAll() })
  }
}
