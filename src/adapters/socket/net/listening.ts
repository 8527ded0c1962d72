import type { AddressInfo, Server } from 'node:net'
import { UNIX } from '../../../domain/message/authority.js'
import type { Address, Listening } from '../../../ports/serving/transport.js'
import { listenError } from '../shared/listen-error.js'
import type { ConnectionSetup } from './connection-setup.js'
import { removeStale, unixPath } from '../shared/unix-socket.js'

/** Connections that the kernel may hold for us until we take them; it cuts this to its own bound. */
const BACKLOG = 4096

/**
 * Listens.
 *
 * @throws {ListenError} when the address cannot be had
 */
export async function bind(server: Server, at: Address): Promise<void> {
  const path = unixPath(at.host)
  if (path !== null) await removeStale(path)
  const where = path === null ? { host: at.host, port: at.port } : { path }
  const bound = new Promise<void>((resolve, reject) => {
    // Stays for good: an accept that fails later, for want of descriptors, must not end the process.
    server.on('error', reject)
    server.listen({ ...where, backlog: BACKLOG }, resolve)
  })
  try {
    await bound
  } catch (error) {
    throw listenError(at, error as NodeJS.ErrnoException)
  }
}

/** A server that listens, and what becomes of its sockets. */
export function listening(server: Server, reception: Pick<ConnectionSetup, 'close' | 'cut'>): Listening {
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  const close = async (): Promise<void> => {
    // Behind a whole poll, which takes all that the kernel holds for us: what is still there would be reset. The first
    // may be the one that we are called from.
    setImmediate(() => setImmediate(() => server.close()))
    await closed
    await reception.close()
  }
  return { address: addressOf(server), close, cut: () => reception.cut() }
}

function addressOf(server: Server): Address {
  const bound = server.address() as AddressInfo | string
  return typeof bound === 'string' ? { host: UNIX + bound, port: 0 } : { host: bound.address, port: bound.port }
}
