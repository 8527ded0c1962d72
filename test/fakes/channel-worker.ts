import type { HandedConnection, SupervisorChannel } from '../../src/ports/workers/worker-processes.js'

/** Why the worker at the end of a channel ended. */
export type Farewell = 'drained' | 'lost'

/** The farewell of a process, by its exit code. */
export const FAREWELLS: readonly Farewell[] = ['drained', 'lost']

/**
 * The worker at the end of a channel under test. It answers `heartbeat` with `alive` and the same time, and `connection`
 * with `accepted` when there is one, otherwise with `claim`. At `drain`, or when its supervisor has died, it sends `close`
 * and ends.
 */
export function beWorker(channel: SupervisorChannel, serve: (connection: HandedConnection) => void): Promise<Farewell> {
  return new Promise((resolve) => {
    const end = async (farewell: Farewell): Promise<void> => {
      channel.send({ kind: 'close' })
      await channel.close()
      resolve(farewell)
    }
    channel.begin({
      received: (message, connection) => {
        if (message.kind === 'heartbeat') channel.send({ kind: 'alive', sentMs: message.sentMs })
        else if (message.kind === 'drain') void end('drained')
        else if (message.kind === 'connection') {
          channel.send({ kind: connection === null ? 'claim' : 'accepted', connection: message.connection })
          if (connection !== null) serve(connection)
        }
      },
      lost: () => void end('lost'),
    })
  })
}
