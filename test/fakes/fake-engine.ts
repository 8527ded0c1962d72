import type { Engine, PlacedHandler } from '../../src/ports/engine.js'
import type { Answer, Request } from '../../src/ports/plugin.js'

/** Runs handlers at once, and remembers what it was asked. */
export class FakeEngine implements Engine {
  readonly name = 'fake'
  readonly queue = { length: 0, capacity: 0 }
  readonly life: string[] = []
  readonly ran: { readonly target: PlacedHandler; readonly request: Request }[] = []

  async start(): Promise<void> {
    this.life.push('start')
  }

  run(target: PlacedHandler, request: Request): Answer | Promise<Answer> {
    this.ran.push({ target, request })
    return target.handler(request)
  }

  async stop(): Promise<void> {
    this.life.push('stop')
  }
}
