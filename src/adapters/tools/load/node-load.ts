import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http'
import https from 'node:https'
import type { Socket } from 'node:net'
import { LatencySummary } from '../../../domain/metrics/latency-summary.js'
import type { BeginLoad, LoadOptions, LoadReport } from '../../../ports/tools/load.js'
import { checkDescriptors } from './descriptors.js'
import { latencyReport, processorMeter, TIMEOUT_SECONDS } from './latency-report.js'

const MS_PER_SECOND = 1000
const TIMEOUT_MS = TIMEOUT_SECONDS * MS_PER_SECOND
/** How often it is looked whether a request is due. */
const PACE_MS = 1
const FIRST_ERROR = 400

/** Load by Node's own client: at a rate, or a connection for each request, neither of which autocannon does well. */
export const nodeLoad: BeginLoad = (order, progress) => {
  const load = new NodeLoad(order, progress)
  return { report: load.run(), stop: () => load.stop() }
}

class NodeLoad {
  private readonly latency = new LatencySummary()
  private readonly begunMs = performance.now()
  private readonly processorMs = processorMeter()
  private readonly client: typeof http | typeof https
  private readonly options: RequestOptions
  private readonly underWay = new Set<ClientRequest>()
  private readonly sockets = new Set<Socket>()
  private readonly errors = { connection: 0, timeout: 0, status: 0 }
  private answered = 0
  private bytes = 0
  private isOver = false

  constructor(
    private readonly order: LoadOptions,
    private readonly progress: (requests: number, elapsedMs: number) => void,
  ) {
    const url = new URL(order.url)
    this.client = url.protocol === 'https:' ? https : http
    this.options = { ...optionsOf(order, url), agent: this.agent() }
  }

  async run(): Promise<LoadReport> {
    checkDescriptors(this.order.connections)
    const ticks = setInterval(() => this.progress(this.answered, this.elapsedMs), MS_PER_SECOND)
    await (this.order.rate === null ? this.runLoops() : this.runAtRate(this.order.rate))
    clearInterval(ticks)
    this.forget()
    const counts = { requests: this.answered, errors: this.errors, bytes: this.bytes }
    const seconds = this.elapsedMs / MS_PER_SECOND
    return { seconds, ...counts, ...latencyReport(this.latency), processorMs: this.processorMs() }
  }

  stop(): void {
    this.isOver = true
    this.forget()
  }

  private get elapsedMs(): number {
    return performance.now() - this.begunMs
  }

  /** A certificate is taken as it is. */
  private agent(): http.Agent {
    const { keepAlive, connections: maxSockets } = this.order
    return new this.client.Agent({ keepAlive, maxSockets, ...{ rejectUnauthorized: false } })
  }

  /** Each asks again when it has its answer. */
  private async runLoops(): Promise<void> {
    const loop = async (): Promise<void> => {
      while (!this.isOver && this.elapsedMs < this.order.durationMs) await this.ask(performance.now())
    }
    await Promise.all(Array.from({ length: this.order.connections }, loop))
  }

  /** Whatever is answered, requests are due one after the other; those that find no connection free wait for one. */
  private async runAtRate(rate: number): Promise<void> {
    const all = Math.round((rate * this.order.durationMs) / MS_PER_SECOND)
    const answers: Promise<void>[] = []
    while (!this.isOver && answers.length < all) {
      const due = Math.min(Math.floor((this.elapsedMs * rate) / MS_PER_SECOND) + 1, all)
      while (answers.length < due) answers.push(this.ask(this.begunMs + (answers.length * MS_PER_SECOND) / rate))
      await new Promise((resolve) => setTimeout(resolve, PACE_MS))
    }
    const late = setTimeout(() => this.giveUp(), TIMEOUT_MS)
    await Promise.all(answers)
    clearTimeout(late)
  }

  /**
   * @param dueMs when it should be sent, from which its latency counts
   * @returns when there is nothing more to wait for; never fails
   */
  private ask(dueMs: number): Promise<void> {
    const request = this.client.request(this.options)
    this.underWay.add(request)
    request.on('response', (response) => this.read(request, response, dueMs))
    request.on('socket', (socket) => this.keep(socket))
    request.setTimeout(TIMEOUT_MS, () => this.timeOut(request))
    request.on('error', () => this.failed(request))
    request.end(this.order.body ?? undefined)
    return new Promise((resolve) =>
      request.on('close', () => {
        this.failed(request)
        resolve()
      }),
    )
  }

  private read(request: ClientRequest, response: IncomingMessage, dueMs: number): void {
    response.on('end', () => {
      this.underWay.delete(request)
      this.answered++
      this.latency.record(performance.now() - dueMs)
      if (response.statusCode! >= FIRST_ERROR) this.errors.status++
    })
    response.on('error', () => this.failed(request))
    response.resume()
  }

  /** It was not answered whole; told more than once, it counts once. */
  private failed(request: ClientRequest): void {
    if (this.underWay.delete(request) && !this.isOver) this.errors.connection++
  }

  private timeOut(request: ClientRequest): void {
    if (this.underWay.delete(request)) this.errors.timeout++
    request.destroy()
  }

  private giveUp(): void {
    for (const request of [...this.underWay]) this.timeOut(request)
  }

  private keep(socket: Socket): void {
    if (this.sockets.has(socket)) return
    this.sockets.add(socket)
    socket.once('close', () => this.count(socket))
  }

  private count(socket: Socket): void {
    if (this.sockets.delete(socket)) this.bytes += socket.bytesRead
  }

  private forget(): void {
    for (const request of this.underWay) request.destroy()
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
