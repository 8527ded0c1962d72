import type { Socket } from 'node:net'
import type { Transport } from '../../../ports/serving/transport.js'
import { BufferPool } from '../shared/buffer-pool.js'
import type { TakeOctets } from './lent-reads.js'
import { NetTransport, takeOctets, type NetTransportOptions } from './net-transport.js'

/** What becomes of the sockets that a listener takes. */
export interface ConnectionSetup {
  /** Takes what any of them reads. */
  readonly take: TakeOctets
  /** Takes a new one; it becomes a transport now, or later, or never. */
  setUp(socket: Socket, accept: (transport: Transport) => void): void
  /** No socket comes any more. Resolves when none is left that may still become a transport. */
  close(): Promise<void>
  /** Gives those up that may. */
  cut(): void
}

/** Free buffers kept for pieces of files: as many as are read at once in ordinary times. */
const PIECES_KEPT = 16

/** @param writeChunkSize octets per piece of a file, and how many may be unsent before `write` answers false */
export function transportOptions(writeChunkSize: number): NetTransportOptions {
  return { highWaterMark: writeChunkSize, pieces: new BufferPool(writeChunkSize, PIECES_KEPT) }
}

/** Sockets without TLS are transports at once. */
export class PlainSetup implements ConnectionSetup {
  readonly take = takeOctets
  private readonly options: NetTransportOptions

  constructor(writeChunkSize: number) {
    this.options = transportOptions(writeChunkSize)
  }

  setUp(socket: Socket, accept: (transport: Transport) => void): void {
    accept(new NetTransport(socket, this.options))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  cut(): void {}
}
