import { hasCut, type DrainReport } from '../domain/lifecycle/drain.js'
import type { EventLog } from '../ports/operations/event-log.js'
import type { SocketKind } from '../ports/serving/sockets.js'
import type { Addresses, ListenerName } from '../ports/serving/transport.js'
import { originsOf } from './server/addresses.js'
import { messageOf } from './message-of.js'
import type { Server } from './server/server.js'

/** What has begun to serve. */
export interface Started {
  readonly addresses: Addresses
  /** Worker processes; 0 for this process alone. */
  readonly workers: number
  readonly socket: SocketKind
}

/** What can be run: a server alone, or a supervisor with its workers. */
export interface Runnable {
  /** @throws {Error} that tells why it cannot serve; nothing is left running then */
  start(): Promise<Started>
  /** Finishes what was begun, turns away what begins, and resolves when all has stopped. */
  drain(): Promise<DrainReport>
  /** Cuts everything now. */
  force(): void
  /** Takes up new settings, where that is possible; what comes of it is logged. */
  reload(): void
}

/** A service to run, and its log. */
export interface WiredService {
  readonly service: Runnable
  readonly log: EventLog
  /** Writes the lines that the logs still buffer. */
  readonly closeLogs: () => Promise<void>
}

/** What a running server needs of its process. */
export interface Surroundings {
  /** Standard error; line ends are part of the text. */
  readonly err: (text: string) => void
  /** Calls back at each signal that asks to stop. */
  readonly onStop: (told: () => void) => void
  /** Calls back at each signal that asks for new settings. */
  readonly onReload: (told: () => void) => void
}

const DRAINED = 0
const FAILURE = 1

/**
 * Runs a server from its start to the end of its drain. It is told to stop once to drain, twice to end at once.
 *
 * @returns the exit code: 0 drained; 1 when it could not start, was forced to end, or requests had to be cut
 */
export async function run(server: Runnable, surroundings: Surroundings): Promise<number> {
  const stop = stops(surroundings)
  surroundings.onReload(() => server.reload())
  const forced = stop.second.then(() => {
    server.force()
    return FAILURE
  })
  return Promise.race([life(server, surroundings, stop.first), forced])
}

/** Takes up the certificates of one server that change. */
export interface RenewalControl {
  /** Watches them from now on. */
  begin(): void
  /** Reads them now. */
  renew(): Promise<void>
  stop(): void
}

/**
 * A server in this process. It has nobody to take its place while it changes: all that it can take up is certificates.
 *
 * @param renewal of its certificates; `null` without HTTPS
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
      else log.warn('Cannot reload: found one process, wanted 2 or more (workers)')
    },
  }
}

async function life(server: Runnable, surroundings: Surroundings, stopped: Promise<void>): Promise<number> {
  try {
    surroundings.err(banner(await server.start()))
  } catch (error) {
    surroundings.err(`portico: ${messageOf(error)}\n`)
    return FAILURE
  }
  await stopped
  surroundings.err('portico draining; again to force\n')
  const report = await server.drain()
  surroundings.err(`portico stopped: ${describe(report)}\n`)
  return hasCut(report) ? FAILURE : DRAINED
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

const VERBS: Readonly<Record<ListenerName, string>> = {
  http: 'listening on',
  https: 'listening on',
  admin: 'shows itself on',
}

function banner({ addresses, workers, socket }: Started): string {
  const listening = originsOf(addresses).map(([entry, origin]) => `portico ${VERBS[entry]} ${origin}\n`)
  const crew = workers === 0 ? '' : `${workers} worker${workers === 1 ? '' : 's'}, `
  // What has TLS is of Node.
  const sockets = addresses.http === null ? 'net' : socket
  return `${listening.join('')}portico serving with ${crew}${sockets} sockets\n`
}

function describe({ finished, rejected, cut }: DrainReport): string {
  const reasons = Object.entries(cut).map(([reason, count]) => `${count} ${reason}`)
  return `${finished} finished, ${rejected} rejected, ${reasons.length === 0 ? 'none cut' : `cut: ${reasons.join(', ')}`}`
}
