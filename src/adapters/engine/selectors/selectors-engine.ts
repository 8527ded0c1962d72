import type { Engine, PlacedHandler } from '../../../ports/serving/engine.js'
import type { Answer, Request } from '../../../ports/plugins/plugin.js'

/** Handlers run in the event loop, at once: no hand-over, no queue, and no protection from one that blocks. */
export class SelectorsEngine implements Engine {
  readonly name = 'selectors'
  readonly queue = { length: 0, capacity: 0 }
  readonly threads = null
  readonly trouble = null

  async start(): Promise<void> {
    // Nothing to make ready: the event loop is there.
  }

  run(placed: PlacedHandler, request: Request): Answer | Promise<Answer> {
    return placed.handler(request)
  }

  async stop(): Promise<void> {
    // Nothing to give back.
  }
}
