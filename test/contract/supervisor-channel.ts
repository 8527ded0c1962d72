import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { FromWorker, ToWorker } from '../../src/ports/workers/worker-processes.js'
import type { Farewell } from '../fakes/channel-worker.js'
import { until } from './transport.js'

/** The supervisor's end of a line, at the other end of which is a worker. */
export interface LineUnderTest {
  say(message: ToWorker): void
  /** Says it with a connection. */
  hand(message: ToWorker): Promise<void>
  readonly heard: readonly FromWorker[]
  /** The supervisor is gone. */
  leave(): void
  /** Why the worker went; null while it is there. */
  readonly farewell: Farewell | null
}

/** What every line to a supervisor keeps. */
export function supervisorLineContract(name: string, make: () => LineUnderTest): void {
  describe(`${name} keeps the contract of a line to the supervisor`, function () {
    this.timeout(20_000)

    it('carries messages both ways, in order', async () => {
      const line = make()
      const times = Array.from({ length: 50 }, (_, at) => at)
      for (const askedMs of times) line.say({ kind: 'heartbeat', askedMs })
      await until('all answers', () => line.heard.length === times.length, 10_000)
      assert.deepEqual(
        line.heard,
        times.map((askedMs) => ({ kind: 'alive', askedMs })),
      )
      line.leave()
    })

    it('brings a connection with its message, and says when there is none', async () => {
      const line = make()
      await line.hand({ kind: 'connection', connection: 1, entry: 'http', freshUntil: 0 })
      line.say({ kind: 'connection', connection: 2, entry: 'http', freshUntil: 0 })
      await until('both answers', () => line.heard.length === 2, 10_000)
      assert.deepEqual(line.heard, [
        { kind: 'taken', connection: 1 },
        { kind: 'wanted', connection: 2 },
      ])
      line.leave()
    })

    it('is closed when all that was told has left', async () => {
      const line = make()
      line.say({ kind: 'drain' })
      await until('its end', () => line.farewell !== null, 10_000)
      await until('its last word', () => line.heard.length > 0)
      assert.deepEqual([line.heard, line.farewell], [[{ kind: 'shut' }], 'told'])
    })

    it('tells that the supervisor is gone, and neither speaks nor waits after that', async () => {
      const line = make()
      line.say({ kind: 'heartbeat', askedMs: 1 })
      await until('a sign of life', () => line.heard.length > 0, 10_000)
      line.leave()
      await until('its end', () => line.farewell !== null, 10_000)
      assert.deepEqual([line.heard, line.farewell], [[{ kind: 'alive', askedMs: 1 }], 'lost'])
    })
  })
}
