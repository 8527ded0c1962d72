import { Socket } from 'node:net'
import type { Address, Listener, Listening, Transport } from '../../ports/transport.js'
import type { Hatch } from '../../ports/workers.js'
import { lender, readFresh, type ConnectionHandle } from './lent-reads.js'
import { prompt } from './net-listener.js'
import type { Reception } from './reception.js'

/** Node's own sockets in a worker process: it listens to its supervisor, which takes the connections. */
export class HandedListener implements Listener {
  readonly name = 'net'
  private readonly lending: (connection: ConnectionHandle) => Socket

  /** @param readChunkSize octets per read */
  constructor(
    readChunkSize: number,
    private readonly reception: Reception,
    private readonly hatch: Hatch,
  ) {
    this.lending = lender(readChunkSize, reception.take)
  }

  /** Where the supervisor listens, wherever we are told to. */
  listen(_at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    const { hatch, reception } = this
    hatch.open(({ handle }) => reception.arrived(prompt(this.socketOf(handle)), accept))
    const close = async (): Promise<void> => {
      await hatch.close()
      await reception.close()
    }
    return Promise.resolve({ address: hatch.address, close, cut: () => reception.cut() })
  }

  private socketOf(handle: unknown): Socket {
    if (!(handle instanceof Socket)) return this.lending(handle as ConnectionHandle)
    // Handing it over does not keep this; and it was paused at the door.
    handle.allowHalfOpen = true
    return readFresh(handle, this.reception.take).resume()
  }
}
