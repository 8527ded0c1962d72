import { commandLine, type CommandLineParts } from '../../../src/app/cli/command-line.js'
import type { LoadOptions, LoadReport } from '../../../src/ports/tools/load.js'
import type { ServerUsage } from '../../../src/ports/tools/measured-server.js'
import { idleParts } from './idle-parts.js'

export function reportOf(requestsPerSecond: number, changed: Partial<LoadReport> = {}): LoadReport {
  return {
    seconds: 5,
    requests: requestsPerSecond * 5,
    errors: { connection: 0, timeout: 0, status: 0 },
    bytes: 5_000_000,
    latencyMs: { p50: 1, p95: 2, p99: 3, max: 4 },
    quantilesMs: [
      [0.5, 1],
      [0.99, 3],
      [1, 4],
    ],
    processorMs: 1000,
    ...changed,
  }
}

export interface Surroundings {
  /** The report of the load on a server. */
  readonly report?: (engine: string, round: number) => LoadReport
  readonly usage?: (asked: number) => ServerUsage | null
  /** The load, counted from 1, at which the user interrupts. */
  readonly interruptedAt?: number
  readonly serverFailure?: Error
  /** Whether the user interrupts while the first server starts. */
  readonly isInterrupted?: boolean
  readonly reportFailure?: Error
  readonly errIsTerminal?: boolean
  readonly epollWorks?: boolean
  readonly settings?: CommandLineParts['settings']
}

interface Run {
  readonly code: number
  readonly out: string
  readonly err: string
  /** Starts, loads and stops, in order. */
  readonly actions: readonly string[]
  /** The arguments of each server that was started. */
  readonly words: readonly (readonly string[])[]
  readonly orders: readonly LoadOptions[]
  readonly page: string
}

const FAST = (engine: string): LoadReport => reportOf(engine === 'selectors' ? 2000 : 1000)

/** Runs the command with fake servers and a fake load generator. */
export async function runCompare(flags: string, surroundings: Surroundings = {}): Promise<Run> {
  const { report = FAST, interruptedAt = Infinity, errIsTerminal = false, settings } = surroundings
  const { usage = (asked) => ({ processorMs: asked * 100, residentBytes: 50e6 + asked * 1000 }) } = surroundings
  const printed = { out: '', err: '', page: '' }
  const actions: string[] = []
  const words: (readonly string[])[] = []
  const orders: LoadOptions[] = []
  let interrupt = (): void => undefined
  const rounds = new Map<string, number>()
  const program = commandLine({
    ...{ ...idleParts(), ...(settings && { settings }) },
    tryEpoll: async () => (surroundings.epollWorks ? 'epoll' : Promise.reject(new Error('not supported'))),
    errIsTerminal,
    startServer: async (all) => {
      if (surroundings.isInterrupted) interrupt()
      if (surroundings.serverFailure) throw surroundings.serverFailure
      words.push(all)
      actions.push(`start ${engineOf(all)}`)
      let asked = 0
      return {
        origins: ['http://127.0.0.1:1234', 'https://127.0.0.1:1235'],
        usage: () => usage(++asked),
        stop: async () => void actions.push('stop'),
      }
    },
    beginLoad: (order, progress) => {
      orders.push(order)
      actions.push(`load ${order.durationMs}`)
      progress(500, 1000)
      const engine = engineOf(words.at(-1)!)
      const round = rounds.get(engine) ?? 0
      if (order.durationMs !== 1000) rounds.set(engine, round + 1)
      const load = { report: Promise.resolve(report(engine, round)), stop: () => void actions.push('end load') }
      if (orders.length === interruptedAt) queueMicrotask(() => interrupt())
      return load
    },
    openReport: async (path) => {
      if (surroundings.reportFailure) throw surroundings.reportFailure
      actions.push(`open ${path}`)
      return async (text) => void (printed.page = text)
    },
    onInterrupt: (listener) => (interrupt = listener),
    out: (text) => (printed.out += text),
    err: (text) => (printed.err += text),
  })
  const code = await program(['compare', ...flags.split(' ').filter((word) => word !== '')], {})
  return { code, ...printed, actions, words, orders }
}

const engineOf = (words: readonly string[]): string =>
  words.findLast((word) => word.startsWith('engine='))!.slice('engine='.length)
