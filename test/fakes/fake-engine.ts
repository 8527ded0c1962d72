import type { Trouble } from '../../src/domain/lifecycle/readiness.js'
import type { Engine, EngineRequest, PlacedHandler } from '../../src/ports/serving/engine.js'
import type { Answer } from '../../src/ports/plugins/plugin.js'

/** Runs handlers at once, and remembers what it was asked. */
export class FakeEngine implements Engine {
  readonly name = 'fake'
  readonly queue = { length: 0, capacity: 0 }
  readonly threads = null
  trouble: Trouble | null = null
  readonly life: string[] = []
  readonly ran: { readonly target: PlacedHandler; readonly request: EngineRequest }[] = []

  async start(): Promise<void> {
    this.life.push('start')
  }

  run(target: PlacedHandler, request: EngineRequest): Answer | Promise<Answer> {
    this.ran.push({ target, request })
    return target.handler(request)
  }

  async stop(): Promise<void> {
    this.life.push('stop')
  }
}
