import { createServer, type Socket } from 'node:net'
import type { Address, Listener, Listening, Transport } from '../../ports/transport.js'
import { BufferPool } from './buffer-pool.js'
import { onLentConnection } from './lent-reads.js'
import { bind, listening } from './listening.js'
import { NetTransport, takeOctets, type NetTransportOptions } from './net-transport.js'

/** Free buffers kept for pieces of files: as many as are read at once in ordinary times. */
const PIECES_KEPT = 16

export interface NetListenerOptions {
  /** Octets per read. */
  readonly readChunkSize: number
  /** Octets per piece of a file, and how many may be unsent before `write` answers false. */
  readonly writeChunkSize: number
}

/** Node's own sockets, for every platform. */
export class NetListener implements Listener {
  readonly name = 'net'
  readonly #readChunkSize: number
  readonly #transportOptions: NetTransportOptions

  constructor({ readChunkSize, writeChunkSize }: NetListenerOptions) {
    this.#readChunkSize = readChunkSize
    this.#transportOptions = transportOptions(writeChunkSize)
  }

  async listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    const server = createServer({ allowHalfOpen: true })
    await bind(server, at)
    onLentConnection(server, this.#readChunkSize, takeOctets, (socket) =>
      accept(transportOf(socket, this.#transportOptions)),
    )
    return listening(server)
  }
}

export function transportOptions(writeChunkSize: number): NetTransportOptions {
  return { highWaterMark: writeChunkSize, pieces: new BufferPool(writeChunkSize, PIECES_KEPT) }
}

/**
 * No Nagle: what belongs together leaves in one write. No TCP keep-alive probes, four system calls per connection:
 * every state of a connection has a deadline of ours.
 */
export function transportOf(socket: Socket, options: NetTransportOptions): Transport {
  return new NetTransport(socket.setNoDelay(true), options)
}
