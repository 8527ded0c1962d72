import { kill } from 'node:process'
import { get } from '../../wire/requests.js'
import { eventually } from '../../support/waiting.js'
import { TemporaryFolder } from './folder.js'
import type { RawClient } from './raw-client.js'
import { startServer, type LogLine, type RunningServer } from './server.js'

/** The file whose presence lets `GET /held` answer. */
const RELEASE = 'release'

/** The text that a handler prints on standard error when it begins, for the test to wait for. */
const BEGUN = 'handler begun'

/**
 * A plugin that shows which process answers, and that can hold a request, block the event loop or end the process.
 *
 * `GET /block` blocks without using the processor, which other tests need.
 */
const PROBE = `
import { existsSync, writeSync } from 'node:fs'
import { definePlugin } from 'portico/plugin'

const RELEASE = new URL('../${RELEASE}', import.meta.url)
const STANDARD_ERROR = 2

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
const begin = () => writeSync(STANDARD_ERROR, '${BEGUN}\\n')

export default definePlugin({
  name: 'probe',
  routes: {
    'GET /plain': () => 'plain\\n',
    'GET /pid': () => String(process.pid),
    'GET /slow': async ({ query }) => {
      begin()
      await later(Number(query.get('ms')))
      return 'slow\\n'
    },
    'GET /held': async () => {
      begin()
      while (!existsSync(RELEASE)) await later(10)
      return 'released\\n'
    },
    'GET /block': () => {
      begin()
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
    },
  },
})
`

/** A plugin that cannot be loaded, because a route is not a handler. */
export const BROKEN_PLUGIN = "export default { routes: { 'GET /x': 3 } }\n"

/** The part of the metrics that tests of worker processes read. */
export interface WorkersMetrics {
  readonly requests: { readonly total: number }
  readonly routes: readonly { readonly route: string; readonly requests: number }[]
  readonly workers: {
    readonly configured: number
    readonly ready: number
    readonly lost: { readonly died: number; readonly unresponsive: number }
    readonly reloads: { readonly done: number; readonly refused: number }
  }
}

/** Whether a process has ended. */
export function isGone(pid: number): boolean {
  try {
    kill(pid, 0)
    return false
  } catch {
    return true
  }
}

/** A server with worker processes, and the folder of its plugins and its configuration file. */
export class SupervisedServer {
  private constructor(
    readonly server: RunningServer,
    readonly folder: TemporaryFolder,
  ) {}

  /**
   * Starts a server with two workers. The settings are in its configuration file, which a reload reads again.
   *
   * @param settings by their names, as in the file
   */
  static async start(
    settings: Readonly<Record<string, unknown>> = {},
    further: readonly string[] = [],
  ): Promise<SupervisedServer> {
    const file = JSON.stringify({ workers: 2, ...settings })
    const folder = new TemporaryFolder({ 'plugins/probe.js': PROBE, 'portico.json5': file })
    const flags = ['--plugins', `${folder.path}/plugins`, '--config', `${folder.path}/portico.json5`, ...further]
    try {
      return new SupervisedServer(await startServer({ flags }), folder)
    } catch (error) {
      folder.remove()
      throw error
    }
  }

  /** The process ids of all workers so far, in the order of their starts. */
  get pids(): number[] {
    return this.events('worker started').map(({ pid }) => pid as number)
  }

  /** The log lines about an event so far. */
  events(event: string): LogLine[] {
    return this.server.logLines().filter((line) => line['event'] === event)
  }

  /** Waits for the first log line about an event. */
  event(event: string): Promise<LogLine> {
    return this.server.logLine((line) => line['event'] === event)
  }

  /** Sends a request on a new connection. Returns the content of a 200 response, or else the status. */
  async ask(target: string): Promise<string> {
    const client = await this.server.connect()
    client.send(get(target, 'Connection: close'))
    const response = await client.response()
    client.close()
    return response.status === 200 ? response.content : String(response.status)
  }

  async metrics(): Promise<WorkersMetrics> {
    return JSON.parse(await this.ask('/_metrics')) as WorkersMetrics
  }

  async untilReady(workers: number): Promise<void> {
    await eventually(`${workers} workers are ready`, async () => (await this.metrics()).workers.ready === workers)
  }

  /** Sends a request on each of some new connections, and waits until their handlers have begun. */
  async begin(target: string, count = 1): Promise<RawClient[]> {
    const begun = (): number => this.server.program.stderr.split(BEGUN).length - 1
    const wanted = begun() + count
    const clients: RawClient[] = []
    for (let each = 0; each < count; each++) clients.push(await this.server.connect())
    for (const client of clients) client.send(get(target))
    await this.server.program.printed('stderr', () => (begun() >= wanted ? true : null))
    return clients
  }

  /** Lets all requests for `/held` be answered. */
  release(): void {
    this.folder.write(RELEASE, '')
  }

  /** Writes the configuration file anew, and has the supervisor read it. */
  reload(settings: Readonly<Record<string, unknown>>): void {
    this.folder.write('portico.json5', JSON.stringify({ workers: 2, ...settings }))
    this.server.program.kill('SIGHUP')
  }

  /** Kills all processes. A worker with a blocked event loop would outlive its supervisor for a while. */
  async remove(): Promise<void> {
    if (this.server.program.isRunning) {
      const stopped = this.server.stop('SIGKILL')
      for (const pid of this.pids) if (!isGone(pid)) kill(pid, 'SIGKILL')
      await stopped
    }
    this.folder.remove()
  }
}
