import type { DrainReport } from '../domain/service/drain.js'
import type { Address } from '../ports/transport.js'
import type { Server } from './server.js'

/** What a running server needs of its process. */
export interface Surroundings {
  /** Standard error; line ends are part of the text. */
  err(text: string): void
  /** Calls back at each SIGTERM and SIGINT. */
  onStop(told: () => void): void
}

const DRAINED = 0
const FAILURE = 1

/**
 * Runs a server from its start to the end of its drain.
 *
 * @returns the exit code: 0 drained; 1 when it could not start, or requests had to be cut
 */
export async function run(server: Server, surroundings: Surroundings): Promise<number> {
  const stopped = new Promise<void>((resolve) => {
    let told = 0
    surroundings.onStop(() => {
      if (++told === 1) resolve()
      else server.force()
    })
  })
  try {
    surroundings.err(banner(await server.start()))
  } catch (error) {
    surroundings.err(`portico: ${error instanceof Error ? error.message : String(error)}\n`)
    return FAILURE
  }
  await stopped
  surroundings.err('portico draining; again to force\n')
  const report = await server.drain()
  surroundings.err(`portico stopped: ${describe(report)}\n`)
  return Object.keys(report.cut).length === 0 ? DRAINED : FAILURE
}

function banner({ host, port }: Address): string {
  return `portico listening on http://${host.includes(':') ? `[${host}]` : host}:${port}\n`
}

function describe({ finished, rejected, cut }: DrainReport): string {
  const reasons = Object.entries(cut).map(([reason, count]) => `${count} ${reason}`)
  return `${finished} finished, ${rejected} rejected, ${reasons.length === 0 ? 'none cut' : `cut: ${reasons.join(', ')}`}`
}
