import type { AddressInfo, Server } from 'node:net'
import { UNIX } from '../../../domain/message/authority.js'
import type { Address, Listening } from '../../../ports/serving/transport.js'
import { BACKLOG } from '../shared/backlog.js'
import { listenError } from '../shared/listen-error.js'
import { freedUnixPath } from '../shared/unix-socket.js'
import type { ConnectionSetup } from './connection-setup.js'

/**
 * Has a server listen.
 *
 * @throws {ListenError} when the platform refuses the address
 */
export async function bind(server: Server, at: Address): Promise<void> {
  const path = await freedUnixPath(at.host)
  const where = path === null ? { host: at.host, port: at.port } : { path }
  const bound = new Promise<void>((resolve, reject) => {
    // Never removed: a later error, such as an accept without a free descriptor, must not end the process.
    server.on('error', reject)
    server.listen({ ...where, backlog: BACKLOG }, resolve)
  })
  try {
    await bound
  } catch (error) {
    throw listenError(at, error as NodeJS.ErrnoException)
  }
}

/**
 * Describes a server that listens.
 *
 * @param setup of its connections: closing waits for those that are still being set up
 */
export function listening(server: Server, setup: Pick<ConnectionSetup, 'close' | 'giveUpAll'>): Listening {
  const closed = new Promise<void>((resolve) => server.once('close', resolve))
  const close = async (): Promise<void> => {
    // After a whole poll of the event loop, which accepts every connection that the kernel has queued: closing would reset
    // those. The first poll may be the one that we are called from.
    setImmediate(() => setImmediate(() => server.close()))
    await closed
    await setup.close()
  }
  return { address: addressOf(server), close, giveUpAll: () => setup.giveUpAll() }
}

function addressOf(server: Server): Address {
  const bound = server.address() as AddressInfo | string
  return typeof bound === 'string' ? { host: UNIX + bound, port: 0 } : { host: bound.address, port: bound.port }
}
