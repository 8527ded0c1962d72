import { authorityOf } from '../domain/message/authority.js'
import type { DrainReport } from '../domain/service/drain.js'
import type { Address } from '../ports/transport.js'
import type { Server } from './server.js'

/** What a running server needs of its process. */
export interface Surroundings {
  /** Standard error; line ends are part of the text. */
  readonly err: (text: string) => void
  /** Calls back at each SIGTERM, SIGINT and SIGHUP. */
  readonly onStop: (told: () => void) => void
}

const DRAINED = 0
const FAILURE = 1

/**
 * Runs a server from its start to the end of its drain. It is told to stop once to drain, twice to end at once.
 *
 * @returns the exit code: 0 drained; 1 when it could not start, was forced to end, or requests had to be cut
 */
export async function run(server: Server, surroundings: Surroundings): Promise<number> {
  const stop = stops(surroundings)
  const forced = stop.second.then(() => {
    server.force()
    return FAILURE
  })
  return Promise.race([life(server, surroundings, stop.first), forced])
}

async function life(server: Server, surroundings: Surroundings, stopped: Promise<void>): Promise<number> {
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

/** The first and the second time that the process is told to stop. */
function stops({ onStop }: Surroundings): { readonly first: Promise<void>; readonly second: Promise<void> } {
  let told = 0
  let tellFirst = (): void => undefined
  let tellSecond = tellFirst
  const first = new Promise<void>((resolve) => (tellFirst = resolve))
  const second = new Promise<void>((resolve) => (tellSecond = resolve))
  onStop(() => {
    told++
    if (told === 1) tellFirst()
    else tellSecond()
  })
  return { first, second }
}

function banner({ host, port }: Address): string {
  return `portico listening on http://${authorityOf(host, port)}\n`
}

function describe({ finished, rejected, cut }: DrainReport): string {
  const reasons = Object.entries(cut).map(([reason, count]) => `${count} ${reason}`)
  return `${finished} finished, ${rejected} rejected, ${reasons.length === 0 ? 'none cut' : `cut: ${reasons.join(', ')}`}`
}
