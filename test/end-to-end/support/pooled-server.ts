import { TemporaryFolder } from './folder.js'
import { POOL_PLUGIN } from './pool-plugin.js'
import type { RawClient } from './raw-client.js'
import { get } from '../../wire/requests.js'
import type { RawResponse } from '../../wire/response-parser.js'
import { startServer, type LogLine, type RunningServer } from './server.js'

/** What `/_metrics` tells of a pool. */
export interface PoolMetrics {
  readonly engine: string
  readonly requests: { readonly inFlight: number }
  readonly queue: { readonly length: number; readonly capacity: number }
  readonly threads: {
    readonly configured: number
    readonly ready: number
    readonly inFlight: number
    readonly lost: Readonly<Record<'stuck' | 'exited' | 'threw' | 'memory', number>>
  }
  readonly rejections: Readonly<Record<string, number>>
}

export const NONE_LOST: PoolMetrics['threads']['lost'] = { stuck: 0, exited: 0, threw: 0, memory: 0 }

/** Deadlines are met to within this; metronomes and requests are not held up by idle connections. */
const SWEPT_OFTEN = { idleSweepIntervalMs: 50, maxKeepAliveRequests: 0 }

/** A server whose handlers run on threads, and those who ask it. */
export class PooledServer {
  private readonly clients: RawClient[] = []

  private constructor(
    readonly server: RunningServer,
    readonly folder: TemporaryFolder,
  ) {}

  /** @param settings by their dotted names */
  static async start(settings: Readonly<Record<string, number>> = {}, plugin = POOL_PLUGIN): Promise<PooledServer> {
    const folder = new TemporaryFolder({ 'plugins/pool.mjs': plugin })
    const set = Object.entries({ ...SWEPT_OFTEN, ...settings }).flatMap(([key, value]) => ['--set', `${key}=${value}`])
    const flags = ['--engine', 'threadpool', '--plugins', `${folder.path}/plugins`, ...set]
    try {
      return new PooledServer(await startServer({ flags }), folder)
    } catch (error) {
      folder.remove()
      throw error
    }
  }

  /** A connection that has sent something. */
  async connect(octets = ''): Promise<RawClient> {
    const client = await this.server.connect()
    this.clients.push(client)
    client.send(octets)
    return client
  }

  /** Asks over a connection of its own. */
  async ask(target: string): Promise<RawResponse> {
    const client = await this.server.connect()
    client.send(get(target, 'Connection: close'))
    const response = await client.response()
    client.close()
    return response
  }

  async metrics(): Promise<PoolMetrics> {
    return JSON.parse((await this.ask('/_metrics')).content) as PoolMetrics
  }

  /** Waits for the first line about an event. */
  event(event: string): Promise<LogLine> {
    return this.server.logLine((line) => line['event'] === event)
  }

  /** The lines about an event up to now. */
  events(event: string): readonly LogLine[] {
    return this.server.logLines().filter((line) => line['event'] === event)
  }

  async remove(): Promise<void> {
    for (const client of this.clients) client.close()
    if (this.server.program.isRunning) await this.server.stop('SIGKILL')
    this.folder.remove()
  }
}
