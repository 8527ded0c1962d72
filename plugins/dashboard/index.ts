import { setTimeout } from 'node:timers/promises'
import { definePlugin, stream, type PluginContext, type Request, type Response } from 'portico/plugin'
import { PageFiles } from './page-files.js'
import { tickOf } from './tick.js'

/** How often the page is told what there is. */
const TICK_MS = 1000
/** How often it is seen whether the server drains: until then it waits for us. */
const LOOK_MS = 200
/** How long a browser waits before it asks again. */
const RETRY_MS = 1000

type Service = Pick<PluginContext, 'metrics' | 'phase' | 'unready'>

/** `GET /_dashboard`: a page that shows what `/_metrics` counts as it moves. It costs nothing while nobody looks. */
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

/** Those who look, each by a stream of server-sent events. */
class Watchers {
  private count = 0

  constructor(private readonly service: Service) {}

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

  /** A second later; sooner in a drain, so that it is seen. */
  private async nextTick(signal: AbortSignal): Promise<void> {
    for (let waitedMs = 0; waitedMs < TICK_MS; waitedMs += LOOK_MS) {
      await setTimeout(LOOK_MS, undefined, { signal })
      if (this.service.phase() !== 'running') return
    }
  }

  /** Whether this process waits for nothing but those who look; or another one has taken its place. */
  private async mayEnd(): Promise<boolean> {
    const { phase, unready, metrics } = this.service
    if (phase() === 'running') return false
    if (unready() === null) return true
    if (phase() === 'notice') return false
    const own = (await metrics.perWorker()).find(({ pid }) => pid === process.pid)
    return own === undefined || own.snapshot.requests.inFlight <= this.count
  }
}
