import type { EventLog } from '../../ports/operations/event-log.js'
import type { SocketKind } from '../../ports/serving/sockets.js'
import type { Runnable } from '../run.js'
import type { Server } from './server.js'

/** Reloads the certificates of a server when they change. */
export interface RenewalControl {
  /** Watches the files from now on. */
  begin(): void
  /** Reads the files now. */
  renew(): Promise<void>
  stop(): void
}

/**
 * Runs a server in this process, without a supervisor. A reload can only replace certificates: for other settings, new worker
 * processes would have to replace the old ones.
 *
 * @param renewal of the server's certificates; `null` without HTTPS
 */
export function singleProcess(
  server: Server,
  renewal: RenewalControl | null,
  log: EventLog,
  socket: SocketKind,
): Runnable {
  return {
    start: async () => {
      const addresses = await server.start()
      renewal?.begin()
      return { addresses, workers: 0, socket }
    },
    drain: () => {
      renewal?.stop()
      return server.drain()
    },
    force: () => server.force(),
    reload: () => {
      if (renewal !== null) void renewal.renew()
      else log.warn('reload unavailable', { reason: 'found one process, wanted 2 or more (workers)' })
    },
  }
}
