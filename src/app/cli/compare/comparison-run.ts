/** Measures servers under the same load, in turns. */
import type { BeginLoad, LoadOptions, LoadReport } from '../../../ports/tools/load.js'
import type { MeasuredServer, StartMeasuredServer } from '../../../ports/tools/measured-server.js'
import type { Settings } from '../../../ports/operations/settings.js'
import type { SocketChoice, SocketKind } from '../../../ports/serving/sockets.js'
import { sampleOf, type Sample } from './figures.js'

/** A server to measure: one engine on one kind of sockets. */
export interface Variant {
  readonly engine: Settings['engine']
  readonly socket: SocketKind
}

/** The measurements of a variant. */
export interface VariantResult extends Variant {
  /** One sample per complete round. */
  readonly samples: readonly Sample[]
}

/** The variants to measure, the requests, and the number of rounds. */
export interface ComparisonPlan {
  /** The arguments that all servers share. */
  readonly words: readonly string[]
  readonly variants: readonly Variant[]
  /** The scheme of the requests. */
  readonly scheme: 'http' | 'https'
  readonly rounds: number
  /** Duration of the load before each measurement. It lets the JIT compile the server's code and fills caches. */
  readonly warmUpMs: number
  readonly path: string
  readonly requests: Omit<LoadOptions, 'url' | 'socketPath'>
}

interface ComparisonParts {
  readonly startServer: StartMeasuredServer
  readonly beginLoad: BeginLoad
  onInterrupt(listener: () => void): void
  /**
   * Reports the progress of a load.
   *
   * @param what names the round and the variant
   */
  progress(what: string, options: LoadOptions, elapsedMs: number, requests: number): void
}

const ENGINES: readonly Settings['engine'][] = ['selectors', 'threadpool']

/** Lists every engine on every kind of sockets that the settings allow. HTTPS always uses `net`. */
export function variantsOf({ socket, tls }: Settings, { kind }: SocketChoice): Variant[] {
  const both = socket === 'auto' && kind === 'epoll' && !isSecure(tls)
  const sockets: readonly SocketKind[] = both ? ['epoll', 'net'] : [isSecure(tls) ? 'net' : kind]
  return ENGINES.flatMap((engine) => sockets.map((each) => ({ engine, socket: each })))
}

/** Tells whether requests must use HTTPS, because plain HTTP is not served or only redirects. */
export const isSecure = ({ only, redirectHttp }: Settings['tls']): boolean => only || redirectHttp

/**
 * The arguments of one variant. It listens on free ports of the loopback interface, and drains for a second at most.
 */
const wordsFor = ({ engine, socket }: Variant): string[] =>
  [
    ...[`engine=${engine}`, `socket=${socket}`, 'host=127.0.0.1', 'port=0', 'tls.port=0'],
    ...['admin.host=127.0.0.1', 'admin.port=0', 'drain.noticeMs=0', 'drain.timeoutMs=1000'],
  ].flatMap((each) => ['--set', each])

/**
 * One run of a comparison.
 *
 * Each round starts, warms up, measures and stops every variant once. Each round begins with another variant, so that
 * none always has the first or the last turn.
 */
export class ComparisonRun {
  private isInterrupted = false
  private stopLoad: (() => void) | null = null

  constructor(
    private readonly parts: ComparisonParts,
    private readonly plan: ComparisonPlan,
  ) {}

  /**
   * Runs all rounds.
   *
   * @returns the results of the complete rounds: all rounds, unless the user interrupts the run
   */
  async run(): Promise<VariantResult[]> {
    const { variants, rounds } = this.plan
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
    return variants.map((each, at) => ({ ...each, samples: complete.map((samples) => samples[at]!) }))
  }

  /** Measures each variant once. Returns `null` after an interrupt. */
  private async round(round: number): Promise<Sample[] | null> {
    const { variants, rounds } = this.plan
    const samples: Sample[] = []
    for (let turn = 0; turn < variants.length; turn++) {
      const at = (round + turn) % variants.length
      const { engine, socket } = variants[at]!
      const sample = await this.measure(variants[at]!, `round ${round + 1} of ${rounds}, ${engine} on ${socket}`)
      if (sample === null) return null
      samples[at] = sample
    }
    return samples
  }

  private async measure(variant: Variant, what: string): Promise<Sample | null> {
    const server = await this.start(variant)
    if (server === null) return null
    try {
      const options = this.optionsFor(server)
      await this.load({ ...options, durationMs: this.plan.warmUpMs }, `${what}, warming up`)
      const before = server.usage()
      const report = await this.load(options, what)
      return this.isInterrupted ? null : sampleOf(report, before, server.usage())
    } finally {
      await server.stop()
    }
  }

  /** Starts a server. Returns `null` after an interrupt, which may have ended the starting server, too. */
  private async start(variant: Variant): Promise<MeasuredServer | null> {
    try {
      return await this.parts.startServer([...this.plan.words, ...wordsFor(variant)])
    } catch (error) {
      if (this.isInterrupted) return null
      throw error
    }
  }

  private optionsFor({ origins }: MeasuredServer): LoadOptions {
    const { scheme, path, requests } = this.plan
    const origin = origins.find((each) => each.startsWith(`${scheme}:`))!
    return { ...requests, url: `${origin}${path}`, socketPath: null }
  }

  private load(options: LoadOptions, what: string): Promise<LoadReport> {
    const load = this.parts.beginLoad(options, (requests, elapsedMs) =>
      this.parts.progress(what, options, elapsedMs, requests),
    )

    this.stopLoad = () => load.stop()
    if (this.isInterrupted) load.stop()
    return load.report
  }
}
