import type { HandedConnection, SupervisorChannel } from '../../src/ports/workers/worker-processes.js'

/** Why the worker at the end of a channel went. */
export type Farewell = 'told' | 'lost'

/** By the exit code of a process that says them. */
export const FAREWELLS: readonly Farewell[] = ['told', 'lost']

/**
 * The worker at the end of a channel under test: it answers `heartbeat` with `alive` and the same time, `connection` with
 * `taken` when there is one, else with `wanted`, and goes at `drain`, once it has said so, or when it is alone.
 */
export function beWorker(
  channel: SupervisorChannel,
  served: (connection: HandedConnection) => void,
): Promise<Farewell> {
  return new Promise((resolve) => {
    const go = async (farewell: Farewell): Promise<void> => {
      channel.send({ kind: 'shut' })
      await channel.close()
      resolve(farewell)
    }
    channel.begin({
      received: (message, connection) => {
        if (message.kind === 'heartbeat') channel.send({ kind: 'alive', askedMs: message.askedMs })
        else if (message.kind === 'drain') void go('told')
        else if (message.kind === 'connection') {
          channel.send({ kind: connection === null ? 'wanted' : 'taken', connection: message.connection })
          if (connection !== null) served(connection)
        }
      },
      lost: () => void go('lost'),
    })
  })
}
