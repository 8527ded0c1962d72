import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { LatencySummary } from '../../../domain/metrics/latency-summary.js'
import type { BeginLoad, LoadOptions, LoadReport } from '../../../ports/tools/load.js'
import { checkDescriptors } from './descriptors.js'
import { latencyReport, processorMeter, TIMEOUT_SECONDS } from './latency-report.js'

const MS_PER_SECOND = 1000
const TIMEOUT_MS = TIMEOUT_SECONDS * MS_PER_SECOND
/** The interval of checks whether a request is due. */
const PACE_MS = 1
const FIRST_ERROR = 400

/**
 * Generates load with Node's HTTP client: at a rate, or with one connection per request. Autocannon does neither well.
 */
export const nodeLoad: BeginLoad = (options, progress) => {
  const load = new NodeLoad(options, progress)
  return { report: load.run(), stop: () => load.stop() }
}

class NodeLoad {
  private readonly latency = new LatencySummary()
  private readonly begunMs = performance.now()
  private readonly processorMs = processorMeter()
  private readonly client: typeof http | typeof https
  private readonly request: RequestOptions
  private readonly inFlight = new Set<ClientRequest>()
  private readonly sockets = new Set<Socket>()
  private readonly errors = { connection: 0, timeout: 0, status: 0 }
  private answered = 0
  private bytes = 0
  private isOver = false

  constructor(
    private readonly options: LoadOptions,
    private readonly progress: (requests: number, elapsedMs: number) => void,
  ) {
    const url = new URL(options.url)
    this.client = url.protocol === 'https:' ? https : http
    this.request = { ...optionsOf(options, url), agent: this.agent() }
  }

  async run(): Promise<LoadReport> {
    checkDescriptors(this.options.connections)
    const ticks = setInterval(() => this.progress(this.answered, this.elapsedMs), MS_PER_SECOND)
    await (this.options.rate === null ? this.runLoops() : this.runAtRate(this.options.rate))
    clearInterval(ticks)
    this.closeAll()
    const counts = { requests: this.answered, errors: this.errors, bytes: this.bytes }
    const seconds = this.elapsedMs / MS_PER_SECOND
    return { seconds, ...counts, ...latencyReport(this.latency), processorMs: this.processorMs() }
  }

  stop(): void {
    this.isOver = true
    this.closeAll()
  }

  private get elapsedMs(): number {
    return performance.now() - this.begunMs
  }

  /** Makes an agent that accepts every certificate. */
  private agent(): http.Agent {
    const { keepAlive, connections: maxSockets } = this.options
    return new this.client.Agent({ keepAlive, maxSockets, ...{ rejectUnauthorized: false } })
  }

  /** On each connection, sends the next request after the response. */
  private async runLoops(): Promise<void> {
    const loop = async (): Promise<void> => {
      while (!this.isOver && this.elapsedMs < this.options.durationMs) await this.send(performance.now())
    }
    await Promise.all(Array.from({ length: this.options.connections }, loop))
  }

  /** Sends requests at even intervals, independent of responses. A request without a free connection waits for one. */
  private async runAtRate(rate: number): Promise<void> {
    const all = Math.round((rate * this.options.durationMs) / MS_PER_SECOND)
    const answers: Promise<void>[] = []
    while (!this.isOver && answers.length < all) {
      const due = Math.min(Math.floor((this.elapsedMs * rate) / MS_PER_SECOND) + 1, all)
      while (answers.length < due) answers.push(this.send(this.begunMs + (answers.length * MS_PER_SECOND) / rate))
      await new Promise((resolve) => setTimeout(resolve, PACE_MS))
    }
    const late = setTimeout(() => this.timeOutAll(), TIMEOUT_MS)
    await Promise.all(answers)
    clearTimeout(late)
  }

  /**
   * Sends one request. Resolves when it has ended in any way, and never rejects.
   *
   * @param dueMs the moment at which it was due; its latency counts from there
   */
  private send(dueMs: number): Promise<void> {
    const request = this.client.request(this.request)
    this.inFlight.add(request)
    request.on('response', (response) => this.read(request, response, dueMs))
    request.on('socket', (socket) => this.track(socket))
    request.setTimeout(TIMEOUT_MS, () => this.timeOut(request))
    request.on('error', () => this.failed(request))
    request.end(this.options.body ?? undefined)
    return new Promise((resolve) =>
      request.on('close', () => {
        this.failed(request)
        resolve()
      }),
    )
  }

  private read(request: ClientRequest, response: IncomingMessage, dueMs: number): void {
    response.on('end', () => {
      this.inFlight.delete(request)
      this.answered++
      this.latency.record(performance.now() - dueMs)
      if (response.statusCode! >= FIRST_ERROR) this.errors.status++
    })
    response.on('error', () => this.failed(request))
    response.resume()
  }

  /** Counts a request without a complete response. Further calls for the same request do nothing. */
  private failed(request: ClientRequest): void {
    if (this.inFlight.delete(request) && !this.isOver) this.errors.connection++
  }

  private timeOut(request: ClientRequest): void {
    if (this.inFlight.delete(request)) this.errors.timeout++
    request.destroy()
  }

  private timeOutAll(): void {
    for (const request of [...this.inFlight]) this.timeOut(request)
  }

  private track(socket: Socket): void {
    if (this.sockets.has(socket)) return
    this.sockets.add(socket)
    socket.once('close', () => this.count(socket))
  }

  private count(socket: Socket): void {
    if (this.sockets.delete(socket)) this.bytes += socket.bytesRead
  }

  private closeAll(): void {
    for (const request of this.inFlight) request.destroy()
    for (const socket of [...this.sockets]) {
      this.count(socket)
      socket.destroy()
    }
  }
}

function optionsOf(
  { method, headers, socketPath }: LoadOptions,
  { hostname, port, pathname, search }: URL,
): RequestOptions {
  const lines: Record<string, string[]> = {}
  for (const [name, value] of headers) (lines[name] ??= []).push(value)
  const where = socketPath === null ? { host: hostname.replace(/^\[|\]$/g, ''), port } : { socketPath }
  return { ...where, method, path: pathname + search, headers: lines }
}
