import { FileResponder } from '../../../src/app/files/file-response.js'
import { singleProcessGroup } from '../../../src/app/workers/single-process-group.js'
import { Server, SERVER_BOUNDS, type ServerBounds } from '../../../src/app/server/server.js'
import { GroupMetrics } from '../../../src/app/server/service-metrics.js'
import type { WorkerGroup } from '../../../src/ports/workers/worker-group.js'
import type { Engine } from '../../../src/ports/serving/engine.js'
import type { Answer, Handler, Plugin, Request, Routes } from '../../../src/ports/plugins/plugin.js'
import type { Tracing } from '../../../src/ports/serving/tracing.js'
import type { Settings } from '../../../src/ports/operations/settings.js'
import type { Listener, SecureListener } from '../../../src/ports/serving/transport.js'
import { RecordingAccessLog } from '../../fakes/access-log.js'
import { RecordingEventLog } from '../../fakes/event-log.js'
import { FakeClock } from '../../fakes/fake-clock.js'
import { FakeEngine } from '../../fakes/fake-engine.js'
import { FakeFiles, type FakeEntry } from '../../fakes/fake-files.js'
import { FakeListener } from '../../fakes/fake-listener.js'
import { FakePlugins } from '../../fakes/fake-plugins.js'
import { turn, type FakeTransportOptions, type FarEnd } from '../../fakes/fake-transport.js'
import { RecordingMetrics } from '../../fakes/metrics.js'
import { DEFAULT_SETTINGS } from '../../fakes/settings.js'

/** The step in which time passes: shorter than any deadline, so that each deadline takes effect before the next one. */
const STEP_MS = 1000

export interface ServedOptions {
  readonly routes?: Routes
  /** Replaces the plugin made of `routes`. */
  readonly plugins?: readonly Plugin[]
  readonly settings?: Partial<Settings>
  readonly files?: Readonly<Record<string, FakeEntry>>
  readonly engine?: Engine
  readonly group?: WorkerGroup
  /** The listener for HTTPS, if the settings have one. */
  readonly secureListener?: SecureListener
  /** The listener for admin routes, if the settings have a separate one. */
  readonly adminListener?: Listener
  readonly tracing?: Tracing
  /** Replace the server's own bounds. */
  readonly bounds?: Partial<ServerBounds>
}

/** A server with fakes for all its ports. Its time stands still until the test advances it. */
export class Served {
  readonly clock = new FakeClock()
  readonly listener = new FakeListener()
  readonly metrics = new RecordingMetrics()
  readonly accessLog = new RecordingAccessLog()
  readonly log = new RecordingEventLog()
  readonly files: FakeFiles
  readonly server: Server

  constructor(options: ServedOptions) {
    const {
      routes = {},
      plugins,
      settings,
      files = {},
      engine = new FakeEngine(),
      group = singleProcessGroup(),
    } = options
    const { clock, listener, metrics, accessLog, log } = this
    this.files = new FakeFiles(files)
    this.server = new Server(
      {
        settings: { ...DEFAULT_SETTINGS, ...settings },
        clock,
        listener,
        secureListener: options.secureListener ?? null,
        adminListener: options.adminListener ?? null,
        engine,
        plugins: new FakePlugins(plugins ?? [{ name: 'test', routes }]),
        files: this.files,
        fileResponder: new FileResponder(
          this.files,
          () => null,
          () => 'BOUNDARY',
          () => clock.wall(),
        ),
        metrics,
        serviceMetrics: new GroupMetrics(metrics, group),
        group,
        accessLog,
        log,
        tracing: { load: async () => options.tracing ?? null },
      },
      { ...SERVER_BOUNDS, ...options.bounds },
    )
  }

  /** Starts a server. */
  static async start(options: ServedOptions): Promise<Served> {
    const served = new Served(options)
    await served.server.start()
    return served
  }

  connect(options: FakeTransportOptions = {}): FarEnd {
    const readFile = (descriptor: number, offset: number, length: number): Buffer =>
      Buffer.from(this.files.read(descriptor, offset, length), 'latin1')
    return this.listener.connect({ readFile, ...options })
  }

  /** Lets time pass in steps, and after each step lets everything settle. */
  async pass(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= STEP_MS) {
      this.clock.advance(Math.min(left, STEP_MS))
      await settled()
    }
  }

  /** The events logged so far with the level `warn` or above. */
  get alarms(): string[] {
    return this.log.events.filter(({ level }) => level === 'warn' || level === 'error').map(({ event }) => event)
  }

  get outcomes(): string[] {
    return this.accessLog.exchanges.map(({ outcome }) => outcome)
  }
}

/** Resolves when all pending promises, ticks and immediates have run. */
export async function settled(): Promise<void> {
  for (let round = 0; round < 5; round++) await turn()
}

/** A handler that answers when the test calls `answer` or `fail`. */
export class Held {
  readonly requests: Request[] = []
  private readonly answers: ((answer: Answer) => void)[] = []
  private readonly failures: ((error: Error) => void)[] = []

  readonly handler: Handler = (request) => {
    this.requests.push(request)
    return new Promise((resolve, reject) => {
      this.answers.push(resolve)
      this.failures.push(reject)
    })
  }

  /** Answers the oldest waiting request. */
  async answer(answer: Answer): Promise<void> {
    const settle = this.answers.shift()
    if (settle === undefined) throw new Error('Cannot answer: no request waits')
    this.failures.shift()
    settle(answer)
    await settled()
  }

  /** Fails the oldest waiting request. */
  async fail(error: Error): Promise<void> {
    this.answers.shift()
    this.failures.shift()!(error)
    await settled()
  }
}

/** The status codes in the status lines of received responses. */
export const statuses = (received: string): number[] =>
  [...received.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map(([, status]) => Number(status))
