import type { Engine, PlacedHandler } from '../../../ports/serving/engine.js'
import type { Answer, Request } from '../../../ports/plugins/plugin.js'

/** Runs handlers directly in the event loop: there is no queue, and a handler that blocks delays every connection. */
export class SelectorsEngine implements Engine {
  readonly name = 'selectors'
  readonly queue = { length: 0, capacity: 0 }
  readonly threads = null
  readonly trouble = null

  async start(): Promise<void> {
    // The event loop needs no preparation.
  }

  run(placed: PlacedHandler, request: Request): Answer | Promise<Answer> {
    return placed.handler(request)
  }

  async stop(): Promise<void> {
    // There is nothing to release.
  }
}
