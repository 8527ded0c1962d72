import { createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Address, Listener, Listening, Transport } from '../../ports/transport.js'
import { BufferPool } from './buffer-pool.js'
import { onLentConnection } from './lent-reads.js'
import { listenError } from './listen-error.js'
import { NetTransport, takeOctets, type NetTransportOptions } from './net-transport.js'

/** Connections that the kernel may hold for us until we take them; it cuts this to its own bound. */
const BACKLOG = 4096

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
    this.#transportOptions = {
      highWaterMark: writeChunkSize,
      pieces: new BufferPool(writeChunkSize, PIECES_KEPT),
    }
  }

  async listen(at: Address, accept: (transport: Transport) => void): Promise<Listening> {
    const server = createServer({ allowHalfOpen: true })
    await bind(server, at)
    onLentConnection(server, this.#readChunkSize, takeOctets, (socket) => accept(this.#transport(socket)))
    return listening(server)
  }

  /**
   * No Nagle: what belongs together leaves in one write. No TCP keep-alive probes, four system calls per connection:
   * every state of a connection has a deadline of ours.
   */
  #transport(socket: Socket): Transport {
    return new NetTransport(socket.setNoDelay(true), this.#transportOptions)
  }
}

async function bind(server: Server, at: Address): Promise<void> {
  const bound = new Promise<void>((resolve, reject) => {
    // Stays for good: an accept that fails later, for want of descriptors, must not end the process.
    server.on('error', reject)
    server.listen({ host: at.host, port: at.port, backlog: BACKLOG }, resolve)
  })
  try {
    await bound
  } catch (error) {
    throw listenError(at, error as NodeJS.ErrnoException)
  }
}

function listening(server: Server): Listening {
  const { address, port } = server.address() as AddressInfo
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  const close = (): Promise<void> => {
    // Behind a whole poll, which takes all that the kernel holds for us: what is still there would be reset. The first
    // may be the one that we are called from.
    setImmediate(() => setImmediate(() => server.close()))
    return closed
  }
  return { address: { host: address, port }, close }
}
