import { assert } from 'chai'
import { describe, it } from 'mocha'
import type { FromWorker, ToWorker } from '../../src/ports/workers/worker-processes.js'
import type { Farewell } from '../fakes/channel-worker.js'
import { eventually } from '../support/waiting.js'

/** The supervisor's end of a channel; a worker is at its other end. */
export interface ChannelUnderTest {
  send(message: ToWorker): void
  /** Sends the message with a connection. */
  handOff(message: ToWorker): Promise<void>
  /** Messages of the worker, in order. */
  readonly received: readonly FromWorker[]
  /** Closes the channel, as the end of the supervisor does. */
  disconnect(): void
  /** Why the worker ended; null while it runs. */
  readonly farewell: Farewell | null
}

/** The contract of every channel to a supervisor. */
export function supervisorChannelContract(name: string, make: () => ChannelUnderTest): void {
  describe(`${name} keeps the contract of a channel to the supervisor`, () => {
    it('carries messages both ways, in order', async () => {
      const channel = make()
      const times = Array.from({ length: 50 }, (_, at) => at)
      for (const sentMs of times) channel.send({ kind: 'heartbeat', sentMs })
      await eventually('all answers', () => channel.received.length === times.length)
      assert.deepEqual(
        channel.received,
        times.map((sentMs) => ({ kind: 'alive', sentMs })),
      )
      channel.disconnect()
    })

    it('delivers a connection with its message, and null when there is none', async () => {
      const channel = make()
      await channel.handOff({ kind: 'connection', connection: 1, listener: 'http', freshUntil: 0 })
      channel.send({ kind: 'connection', connection: 2, listener: 'http', freshUntil: 0 })
      await eventually('both answers', () => channel.received.length === 2)
      assert.deepEqual(channel.received, [
        { kind: 'accepted', connection: 1 },
        { kind: 'claim', connection: 2 },
      ])
      channel.disconnect()
    })

    it('is closed when all messages have been sent', async () => {
      const channel = make()
      channel.send({ kind: 'drain' })
      await eventually('its end', () => channel.farewell !== null)
      await eventually('its last message', () => channel.received.length > 0)
      assert.deepEqual([channel.received, channel.farewell], [[{ kind: 'close' }], 'drained'])
    })

    it('reports the end of the supervisor, and neither sends nor waits after it', async () => {
      const channel = make()
      channel.send({ kind: 'heartbeat', sentMs: 1 })
      await eventually('a sign of life', () => channel.received.length > 0)
      channel.disconnect()
      await eventually('its end', () => channel.farewell !== null)
      assert.deepEqual([channel.received, channel.farewell], [[{ kind: 'alive', sentMs: 1 }], 'lost'])
    })
  })
}
