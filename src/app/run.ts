import { deferred } from '../domain/deferred.js'
import { hasCut, type CutReason, type DrainReport } from '../domain/lifecycle/drain.js'
import type { EventLog } from '../ports/operations/event-log.js'
import type { SocketKind } from '../ports/serving/sockets.js'
import type { Addresses, ListenerName } from '../ports/serving/transport.js'
import { originsOf } from './server/addresses.js'
import { messageOf } from './message-of.js'

/** A service that has started. */
export interface Started {
  readonly addresses: Addresses
  /** The number of worker processes; 0 for a single process. */
  readonly workers: number
  readonly socket: SocketKind
}

/** A service to run: a server in this process, or a supervisor with its workers. */
export interface Runnable {
  /** @throws {Error} with the reason when it cannot serve; nothing is left running then */
  start(): Promise<Started>
  /** Finishes the requests that began before, rejects new ones, and resolves when everything has stopped. */
  drain(): Promise<DrainReport>
  /** Cuts off every request now. */
  force(): void
  /** Applies new settings where that is possible, and logs the result. */
  reload(): void
}

/** A service to run, and its log. */
export interface WiredService {
  readonly service: Runnable
  readonly log: EventLog
  /** Writes the lines that the logs still buffer. */
  readonly closeLogs: () => Promise<void>
}

/** The process around a service. */
export interface Surroundings {
  /** Writes to standard error; the text includes its line ends. */
  readonly err: (text: string) => void
  /** Calls back at each signal to stop. */
  readonly onStop: (received: () => void) => void
  /** Calls back at each signal to reload. */
  readonly onReload: (received: () => void) => void
}

const DRAINED = 0
const FAILURE = 1

/**
 * Runs a service from its start to the end of its drain. The first signal to stop drains it, a second one ends it at once.
 *
 * @returns the exit code: 0 when it drained; 1 when it could not start, a second signal ended it, or requests were cut off
 */
export async function run(service: Runnable, surroundings: Surroundings): Promise<number> {
  const stop = stopSignals(surroundings)
  surroundings.onReload(() => service.reload())
  const forced = stop.second.then(() => {
    service.force()
    return FAILURE
  })
  return Promise.race([live(service, surroundings, stop.first), forced])
}

async function live(service: Runnable, { err }: Surroundings, stopped: Promise<void>): Promise<number> {
  try {
    err(banner(await service.start()))
  } catch (error) {
    err(`portico: ${messageOf(error)}\n`)
    return FAILURE
  }
  await stopped
  err('portico draining; a second signal stops it at once\n')
  const report = await service.drain()
  err(`portico stopped: ${describe(report)}\n`)
  return hasCut(report) ? FAILURE : DRAINED
}

/** Resolves at the first and at the second signal to stop. */
function stopSignals({ onStop }: Surroundings): { readonly first: Promise<void>; readonly second: Promise<void> } {
  const [first, second] = [deferred(), deferred()]
  let received = 0
  onStop(() => (++received === 1 ? first : second).resolve())
  return { first: first.promise, second: second.promise }
}

const LABELS: Readonly<Record<ListenerName, string>> = {
  http: 'listening on',
  https: 'listening on',
  admin: 'admin on',
}

function banner({ addresses, workers, socket }: Started): string {
  const listening = originsOf(addresses).map(([listener, origin]) => `portico ${LABELS[listener]} ${origin}\n`)
  const processes = workers === 0 ? '' : `${counted(workers, 'worker')}, `
  // HTTPS always uses Node's sockets.
  const sockets = addresses.http === null ? 'net' : socket
  return `${listening.join('')}portico serving with ${processes}${sockets} sockets\n`
}

/** The reasons in the words of the drain report; any other reason is its own word. */
const REASONS: Readonly<Partial<Record<CutReason, string>>> = {
  cut: 'still running',
  incomplete: 'head incomplete',
  lost: 'worker lost',
  'timed-out': 'timed out',
}

/** Such as `12 requests finished, 1 rejected, 2 cut off (2 still running)`. */
function describe({ finished, rejected, cut }: DrainReport): string {
  const { aborted = 0, ...reasons } = cut
  const parts = [`${counted(finished, 'request')} finished`, `${rejected} rejected`, cutOff(reasons)]
  return [...parts, ...(aborted === 0 ? [] : [`${aborted} aborted by the client`])].join(', ')
}

function cutOff(cut: DrainReport['cut']): string {
  const reasons = Object.entries(cut) as [CutReason, number][]
  if (reasons.length === 0) return 'none cut off'
  const total = reasons.reduce((sum, [, count]) => sum + count, 0)
  return `${total} cut off (${reasons.map(([reason, count]) => `${count} ${REASONS[reason] ?? reason}`).join(', ')})`
}

const counted = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`
