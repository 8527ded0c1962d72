import { Socket } from 'node:net'
import type { Address, Listener, Listening, Transport } from '../../ports/transport.js'
import type { Hatch } from '../../ports/workers.js'
import { lender, readFresh, type ConnectionHandle } from './lent-reads.js'
import { transportOf, transportOptions, type NetListenerOptions } from './net-listener.js'
import { takeOctets, type NetTransportOptions } from './net-transport.js'

/** Node's own sockets in a worker process: it listens to its supervisor, which takes the connections. */
export class HandedListener implements Listener {
  readonly name = 'net'
  readonly #lending: (connection: ConnectionHandle) => Socket
  readonly #transportOptions: NetTransportOptions
  readonly #hatch: Hatch

  constructor({ readChunkSize, writeChunkSize }: NetListenerOptions, hatch: Hatch) {
    this.#lending = lender(readChunkSize, takeOctets)
    this.#transportOptions = transportOptions(writeChunkSize)
    this.#hatch = hatch
  }

  /** Where the supervisor listens, wherever we are told to. */
  listen(_at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    this.#hatch.open(({ handle }) => accept(transportOf(this.#socketOf(handle), this.#transportOptions)))
    return Promise.resolve({ address: this.#hatch.address, close: () => this.#hatch.close() })
  }

  #socketOf(handle: unknown): Socket {
    if (!(handle instanceof Socket)) return this.#lending(handle as ConnectionHandle)
    // Handing it over does not keep this; and it was paused at the door.
    handle.allowHalfOpen = true
    return readFresh(handle, takeOctets).resume()
  }
}
