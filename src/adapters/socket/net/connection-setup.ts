import type { Socket } from 'node:net'
import type { Transport } from '../../../ports/serving/transport.js'
import { BufferPool } from '../shared/buffer-pool.js'
import type { ReceiveOctets } from './lent-reads.js'
import { deliverOctets, NetTransport, type NetTransportOptions } from './net-transport.js'

/** Turns the sockets that a listener accepts into transports: plainly, or after a TLS handshake. */
export interface ConnectionSetup {
  /** Receives the octets that any of the sockets reads. */
  readonly receive: ReceiveOctets
  /** Sets a new socket up; `accept` is called during this call, later, or never when the setup fails. */
  setUp(socket: Socket, accept: (transport: Transport) => void): void
  /** Call it once no socket comes any more. Resolves when every setup in progress has succeeded or failed. */
  close(): Promise<void>
  /** Gives up every setup in progress. */
  giveUpAll(): void
}

/** Free buffers kept for pieces of files: about as many as are read at once under ordinary load. */
const PIECES_KEPT = 16

/** @param writeChunkSize octets per piece of a file, and unsent octets above which `write` returns false */
export function transportOptions(writeChunkSize: number): NetTransportOptions {
  return { highWaterMark: writeChunkSize, pieces: new BufferPool(writeChunkSize, PIECES_KEPT) }
}

/** Makes a transport of each socket at once: no TLS. */
export class PlainSetup implements ConnectionSetup {
  readonly receive = deliverOctets
  private readonly options: NetTransportOptions

  /** @param writeChunkSize as for `transportOptions` */
  constructor(writeChunkSize: number) {
    this.options = transportOptions(writeChunkSize)
  }

  setUp(socket: Socket, accept: (transport: Transport) => void): void {
    accept(new NetTransport(socket, this.options))
  }

  close(): Promise<void> {
    return Promise.resolve()
  }

  giveUpAll(): void {}
}
