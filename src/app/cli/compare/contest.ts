/** Servers under the same load, in turns. */
import type { BeginLoad, LoadOptions, LoadReport } from '../../../ports/tools/load.js'
import type { MeasuredServer, StartMeasuredServer } from '../../../ports/tools/measured-server.js'
import type { Settings } from '../../../ports/operations/settings.js'
import type { SocketChoice, SocketKind } from '../../../ports/serving/sockets.js'
import { sampleOf, type Sample } from './figures.js'

export interface Contestant {
  readonly engine: Settings['engine']
  readonly socket: SocketKind
}

/** How one did, round by round. */
export interface Standing extends Contestant {
  readonly samples: readonly Sample[]
}

export interface Plan {
  /** The command line of the server, without what makes it one of the contestants. */
  readonly words: readonly string[]
  readonly contestants: readonly Contestant[]
  /** Where of a server the load goes. */
  readonly scheme: 'http' | 'https'
  readonly rounds: number
  readonly path: string
  readonly requests: Omit<LoadOptions, 'url' | 'socketPath'>
}

interface ContestParts {
  readonly startServer: StartMeasuredServer
  readonly beginLoad: BeginLoad
  onInterrupt(told: () => void): void
  /** @param what is measured, and how far that has come */
  progress(what: string, order: LoadOptions, elapsedMs: number, requests: number): void
}

const ENGINES: readonly Settings['engine'][] = ['selectors', 'threadpool']

/** Until what is compiled as it runs has been compiled, and caches are full. */
const WARM_UP_MS = 1000

/** Every engine, on all sockets that the settings leave open. TLS has Node's alone. */
export function contestantsOf({ socket, tls }: Settings, { kind }: SocketChoice): Contestant[] {
  const both = socket === 'auto' && kind === 'epoll' && !isSecure(tls)
  const sockets: readonly SocketKind[] = both ? ['epoll', 'net'] : [isSecure(tls) ? 'net' : kind]
  return ENGINES.flatMap((engine) => sockets.map((each) => ({ engine, socket: each })))
}

/** Whether HTTPS is where requests are served. */
export const isSecure = ({ only, redirectHttp }: Settings['tls']): boolean => only || redirectHttp

/** On free ports, of this machine alone; and ended soon. */
const wordsFor = ({ engine, socket }: Contestant): string[] =>
  [
    ...[`engine=${engine}`, `socket=${socket}`, 'host=127.0.0.1', 'port=0', 'tls.port=0'],
    ...['admin.host=127.0.0.1', 'admin.port=0', 'drain.noticeMs=0', 'drain.timeoutMs=1000'],
  ].flatMap((each) => ['--set', each])

export class Contest {
  private isInterrupted = false
  private stopLoad: (() => void) | null = null

  constructor(
    private readonly parts: ContestParts,
    private readonly plan: Plan,
  ) {}

  /** @returns the rounds that were complete: all of them, unless the user has ended it */
  async run(): Promise<Standing[]> {
    const { contestants, rounds } = this.plan
    this.parts.onInterrupt(() => {
      this.isInterrupted = true
      this.stopLoad?.()
    })
    const complete: Sample[][] = []
    for (let round = 0; round < rounds; round++) {
      const samples = await this.round(round)
      if (samples === null) break
      complete.push(samples)
    }
    return contestants.map((each, at) => ({ ...each, samples: complete.map((samples) => samples[at]!) }))
  }

  /** Another one begins each time. `null` when it was interrupted. */
  private async round(round: number): Promise<Sample[] | null> {
    const { contestants, rounds } = this.plan
    const samples: Sample[] = []
    for (let turn = 0; turn < contestants.length; turn++) {
      const at = (round + turn) % contestants.length
      const { engine, socket } = contestants[at]!
      const sample = await this.measure(contestants[at]!, `round ${round + 1} of ${rounds}, ${engine} on ${socket}`)
      if (sample === null) return null
      samples[at] = sample
    }
    return samples
  }

  private async measure(contestant: Contestant, what: string): Promise<Sample | null> {
    const server = await this.start(contestant)
    if (server === null) return null
    try {
      const order = this.orderFor(server)
      await this.load({ ...order, durationMs: WARM_UP_MS }, `${what}, warming up`)
      const before = server.usage()
      const report = await this.load(order, what)
      return this.isInterrupted ? null : sampleOf(report, before, server.usage())
    } finally {
      await server.stop()
    }
  }

  /** `null` when the user has ended it, which a server that was about to start may have been told, too. */
  private async start(contestant: Contestant): Promise<MeasuredServer | null> {
    try {
      return await this.parts.startServer([...this.plan.words, ...wordsFor(contestant)])
    } catch (error) {
      if (this.isInterrupted) return null
      throw error
    }
  }

  private orderFor({ origins }: MeasuredServer): LoadOptions {
    const { scheme, path, requests } = this.plan
    const origin = origins.find((each) => each.startsWith(`${scheme}:`))!
    return { ...requests, url: `${origin}${path}`, socketPath: null }
  }

  private load(order: LoadOptions, what: string): Promise<LoadReport> {
    const load = this.parts.beginLoad(order, (requests, elapsedMs) =>
      this.parts.progress(what, order, elapsedMs, requests),
    )
    this.stopLoad = () => load.stop()
    if (this.isInterrupted) load.stop()
    return load.report
  }
}
