import { Supervisor } from '../../../src/app/workers/supervisor.js'
import type { DrainReport } from '../../../src/domain/lifecycle/drain.js'
import type { MetricsCounts } from '../../../src/ports/operations/metrics.js'
import type { LoadedConfiguration } from '../../../src/app/configuration.js'
import type { Settings } from '../../../src/ports/operations/settings.js'
import { RecordingEventLog, type RecordedEvent } from '../../fakes/event-log.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { credentialsOf, FakeCredentials } from '../../fakes/fake-credentials.js'
import { FakeAcceptor } from '../../fakes/fake-acceptor.js'
import { FakeWorkers, type Behaviour, type FakeWorkerProcess } from '../../fakes/fake-workers.js'
import { RecordingMetrics } from '../../fakes/metrics.js'
import { NET_SOCKETS } from '../../fakes/sockets.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'
import { settled } from '../serving/served.js'

/** The end of a process that was killed. */
export const KILLED = { code: null, signal: 'SIGKILL' }

export const NOTHING_CUT: DrainReport = { finished: 0, rejected: 0, cut: {} }

/** The counts of a worker that has accepted this number of connections. */
export function countsOf(accepted: number): MetricsCounts {
  const metrics = new RecordingMetrics()
  for (let each = 0; each < accepted; each++) metrics.connectionAccepted()
  return metrics.counts()
}

export interface SupervisedOptions {
  readonly settings?: Partial<Settings>
  readonly cores?: number
}

/** Time passes in steps as short as the interval of the supervisor's checks. */
const STEP_MS = 100

/** A supervisor with fakes around it, and workers that behave as the test says. */
export class Supervised {
  readonly clock = new FakeClock()
  readonly acceptor = new FakeAcceptor()
  readonly log = new RecordingEventLog()
  readonly credentials = new FakeCredentials()
  readonly workers: FakeWorkers
  readonly supervisor: Supervisor
  /** The configuration that the next reload loads. */
  loaded: LoadedConfiguration
  /**
   * Why workers that are spawned from now on cannot start; `null` when they can start, `dies` when they end without a
   * reason, `hangs` when they never become ready.
   */
  failing: string | null = null
  /** Whether workers acknowledge the connections that they receive. */
  acknowledging = true
  /** How often new ticket keys were made. */
  tickets = 0
  /** The drain report of each worker. */
  report = NOTHING_CUT

  constructor({ settings = {}, cores = 2 }: SupervisedOptions = {}) {
    const { clock, acceptor, log } = this
    const own: Settings = { ...DEFAULT_SETTINGS, workers: 2, ...settings }
    const credentials = own.tls.enabled ? credentialsOf() : null
    this.loaded = { settings: own, credentials, socket: NET_SOCKETS, effective: [] }
    this.workers = new FakeWorkers(this.behave)
    const load = async (): Promise<LoadedConfiguration> => this.loaded
    this.supervisor = new Supervisor({
      settings: own,
      credentials,
      socket: NET_SOCKETS,
      load,
      credentialSource: this.credentials,
      newTickets: () => ({ seed: { period: ++this.tickets, secret: 'SECRET' } }),
      clock,
      acceptor,
      processes: this.workers,
      log,
      cores,
      coloured: false,
    })
  }

  /** Starts a supervisor, and waits until it runs. */
  static async start(options?: SupervisedOptions): Promise<Supervised> {
    const supervised = new Supervised(options)
    const started = supervised.supervisor.start()
    await settled()
    await started
    return supervised
  }

  get processes(): FakeWorkerProcess[] {
    return this.workers.started
  }

  /** Processes that run. */
  get alive(): FakeWorkerProcess[] {
    return this.processes.filter(({ end }) => end === null)
  }

  events(event: string): RecordedEvent['facts'][] {
    return this.log.events.filter((each) => each.event === event).map(({ facts }) => facts)
  }

  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.clock.advance(Math.min(left, STEP_MS))
      await settled()
    }
  }

  async reload(settings: Partial<Settings>): Promise<void> {
    if ('settings' in this.loaded) this.loaded = { ...this.loaded, settings: { ...this.loaded.settings, ...settings } }
    this.supervisor.reload()
    await settled()
    await settled()
    await settled()
  }

  private readonly behave: Behaviour = (process, message) => {
    switch (message.kind) {
      case 'start':
        return this.begin(process)
      case 'connection':
        if (this.acknowledging) process.emit({ kind: 'accepted', connection: message.connection })
        return
      case 'heartbeat':
        return process.emit({ kind: 'alive', sentMs: message.sentMs })
      case 'count':
        return process.emit({ kind: 'counts', query: message.query, counts: countsOf(process.pid) })
      case 'drain':
      case 'retire':
        return process.emit({ kind: 'close' })
      case 'closed':
        process.emit({ kind: 'drained', report: this.report, counts: countsOf(process.pid) })
        return process.endBy({ code: 0, signal: null })
      default:
    }
  }

  private begin(process: FakeWorkerProcess): void {
    if (this.failing === 'hangs') return
    if (this.failing !== null) {
      if (this.failing !== 'dies') process.emit({ kind: 'failed', message: this.failing })
      return process.endBy({ code: 1, signal: null })
    }
    process.emit({ kind: 'open' })
    process.emit({ kind: 'ready' })
  }
}

/** The message of the error that a promise is rejected with. */
export function rejection(promise: Promise<unknown>): Promise<string> {
  return promise.then(
    () => 'nothing',
    (error: unknown) => (error as Error).message,
  )
}
