import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { FromWorker, ToWorker } from '../../src/ports/workers/worker-processes.js'
import type { Farewell } from '../fakes/channel-worker.js'
import { until } from './transport.js'

/** The supervisor's end of a channel, at the other end of which is a worker. */
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

/** What every channel to a supervisor keeps. */
export function supervisorLineContract(name: string, make: () => LineUnderTest): void {
  describe(`${name} keeps the contract of a channel to the supervisor`, function () {
    this.timeout(20_000)

    it('carries messages both ways, in order', async () => {
      const channel = make()
      const times = Array.from({ length: 50 }, (_, at) => at)
      for (const askedMs of times) channel.say({ kind: 'heartbeat', askedMs })
      await until('all answers', () => channel.heard.length === times.length, 10_000)
      assert.deepEqual(
        channel.heard,
        times.map((askedMs) => ({ kind: 'alive', askedMs })),
      )
      channel.leave()
    })

    it('brings a connection with its message, and says when there is none', async () => {
      const channel = make()
      await channel.hand({ kind: 'connection', connection: 1, entry: 'http', freshUntil: 0 })
      channel.say({ kind: 'connection', connection: 2, entry: 'http', freshUntil: 0 })
      await until('both answers', () => channel.heard.length === 2, 10_000)
      assert.deepEqual(channel.heard, [
        { kind: 'taken', connection: 1 },
        { kind: 'wanted', connection: 2 },
      ])
      channel.leave()
    })

    it('is closed when all that was told has left', async () => {
      const channel = make()
      channel.say({ kind: 'drain' })
      await until('its end', () => channel.farewell !== null, 10_000)
      await until('its last word', () => channel.heard.length > 0)
      assert.deepEqual([channel.heard, channel.farewell], [[{ kind: 'shut' }], 'told'])
    })

    it('tells that the supervisor is gone, and neither speaks nor waits after that', async () => {
      const channel = make()
      channel.say({ kind: 'heartbeat', askedMs: 1 })
      await until('a sign of life', () => channel.heard.length > 0, 10_000)
      channel.leave()
      await until('its end', () => channel.farewell !== null, 10_000)
      assert.deepEqual([channel.heard, channel.farewell], [[{ kind: 'alive', askedMs: 1 }], 'lost'])
    })
  })
}
