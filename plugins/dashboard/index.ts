import { setTimeout } from 'node:timers/promises'
import { definePlugin, stream, type PluginContext, type Request, type Response } from 'portico/plugin'
import { PageFiles } from './page-files.js'
import { tickOf } from './tick.js'

/** Interval of the events that the page receives. */
const TICK_MS = 1000
/** Interval at which a stream of events checks whether the server drains: the drain waits for the stream to end. */
const PHASE_CHECK_MS = 200
/** How long a browser waits before it reconnects. */
const RETRY_MS = 1000

type Service = Pick<PluginContext, 'metrics' | 'phase' | 'unready'>

/** `GET /_dashboard`: a page with live charts of the metrics. It costs nothing while no page is open. */
export default definePlugin({
  name: 'dashboard',
  routes: (service) => {
    const files = new PageFiles()
    const watchers = new Watchers(service)
    return {
      'GET /_dashboard': { admin: true, handler: () => files.response('index.html') },
      'GET /_dashboard/:file': { admin: true, handler: ({ params }) => files.response(params['file']!) },
      'GET /_dashboard/events': { admin: true, handler: (request) => watchers.admit(request) },
    }
  },
})

/** The open pages. Each receives a stream of server-sent events. */
class Watchers {
  private count = 0

  constructor(private readonly service: Service) {}

  /** Makes the stream of events for a page. */
  admit({ signal }: Request): Response {
    const headers = { 'Cache-Control': 'no-store', 'X-Accel-Buffering': 'no' }
    return stream(this.events(signal), { type: 'text/event-stream', headers })
  }

  private async *events(signal: AbortSignal): AsyncGenerator<string> {
    this.count++
    try {
      yield `retry: ${RETRY_MS}\n\n`
      let before = await this.service.metrics.snapshot()
      while (!(await this.mayEnd())) {
        const now = await this.service.metrics.snapshot()
        yield `data: ${JSON.stringify(tickOf(before, now))}\n\n`
        before = now
        await this.nextTick(signal)
      }
    } finally {
      this.count--
    }
  }

  /** Waits for the next event: one second, or less if a drain begins, so that the page shows it. */
  private async nextTick(signal: AbortSignal): Promise<void> {
    for (let waitedMs = 0; waitedMs < TICK_MS; waitedMs += PHASE_CHECK_MS) {
      await setTimeout(PHASE_CHECK_MS, undefined, { signal })
      if (this.service.phase() !== 'running') return
    }
  }

  /** Whether the stream should end: the drain waits only for streams like this one, or another process has replaced ours. */
  private async mayEnd(): Promise<boolean> {
    const { phase, unready, metrics } = this.service
    if (phase() === 'running') return false
    if (unready() === null) return true
    if (phase() === 'notice') return false
    const own = (await metrics.perWorker()).find(({ pid }) => pid === process.pid)
    return own === undefined || own.snapshot.requests.inFlight <= this.count
  }
}
