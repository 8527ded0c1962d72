import { assert } from 'chai'
import { eventually } from '../../support/waiting.js'
import { TemporaryFolder } from './folder.js'
import { POOL_PLUGIN } from './pool-plugin.js'
import type { RawClient } from './raw-client.js'
import { get } from '../../wire/requests.js'
import type { RawResponse } from '../../wire/response-parser.js'
import { startServer, type LogLine, type RunningServer } from './server.js'

/** The part of `/_metrics` about the thread pool. */
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

type Lost = PoolMetrics['threads']['lost']

export const NONE_LOST: Lost = { stuck: 0, exited: 0, threw: 0, memory: 0 }

/** Deadlines are met to within 50 ms, and a connection may carry any number of requests. */
const SWEPT_OFTEN = { idleSweepIntervalMs: 50, maxKeepAliveRequests: 0 }

/** A server whose handlers run on threads, and its clients. */
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

  /** Opens a connection, and sends octets on it. */
  async connect(octets = ''): Promise<RawClient> {
    const client = await this.server.connect()
    this.clients.push(client)
    client.send(octets)
    return client
  }

  /** Sends a request on a new connection. */
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

  /** Waits until these threads were lost and all threads are ready again, and checks that no others were lost. */
  async untilReplaced(lost: Partial<Lost>): Promise<void> {
    const { configured } = (await this.metrics()).threads
    await eventually('the threads are replaced', async () => {
      const { threads } = await this.metrics()
      return threads.ready === configured && total(threads.lost) >= total(lost)
    })
    assert.deepEqual((await this.metrics()).threads.lost, { ...NONE_LOST, ...lost })
  }

  /** Waits for the first log line about an event. */
  event(event: string): Promise<LogLine> {
    return this.server.logLine((line) => line['event'] === event)
  }

  /** The log lines about an event so far. */
  events(event: string): readonly LogLine[] {
    return this.server.logLines().filter((line) => line['event'] === event)
  }

  async remove(): Promise<void> {
    for (const client of this.clients) client.close()
    if (this.server.program.isRunning) await this.server.stop('SIGKILL')
    this.folder.remove()
  }
}

const total = (lost: Partial<Lost>): number => Object.values(lost).reduce((sum, each) => sum + each, 0)
