import type { HandedConnection, SupervisorLine } from '../../src/ports/workers.js'

/** Why the worker at the end of a line went. */
export type Farewell = 'told' | 'lost'

/** By the exit code of a process that says them. */
export const FAREWELLS: readonly Farewell[] = ['told', 'lost']

/**
 * The worker at the end of a line under test: it answers `heartbeat` with `alive` and the same time, `connection` with
 * `taken` when there is one, else with `wanted`, and goes at `drain`, once it has said so, or when it is alone.
 */
export function beWorker(line: SupervisorLine, served: (connection: HandedConnection) => void): Promise<Farewell> {
  return new Promise((resolve) => {
    const go = async (farewell: Farewell): Promise<void> => {
      line.tell({ kind: 'shut' })
      await line.close()
      resolve(farewell)
    }
    line.begin({
      told: (message, connection) => {
        if (message.kind === 'heartbeat') line.tell({ kind: 'alive', askedMs: message.askedMs })
        else if (message.kind === 'drain') void go('told')
        else if (message.kind === 'connection') {
          line.tell({ kind: connection === null ? 'wanted' : 'taken', connection: message.connection })
          if (connection !== null) served(connection)
        }
      },
      lost: () => void go('lost'),
    })
  })
}
