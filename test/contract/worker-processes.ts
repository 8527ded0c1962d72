import { assert } from 'chai'
import { describe, it } from 'mocha'
import type {
  FromWorker,
  HandedConnection,
  ProcessEnd,
  WorkerProcess,
  WorkerProcesses,
} from '../../src/ports/workers/worker-processes.js'
import { eventually } from '../support/waiting.js'

/** A process, with its messages and its end. */
class Watched {
  readonly received: FromWorker[] = []
  readonly ends: ProcessEnd[] = []
  readonly process: WorkerProcess

  constructor(processes: WorkerProcesses) {
    this.process = processes.start(
      { received: (message) => this.received.push(message), ended: (end) => this.ends.push(end) },
      60_000,
    )
  }

  async ended(): Promise<ProcessEnd> {
    await eventually('its end', () => this.ends.length > 0)
    return this.ends[0]!
  }
}

/**
 * The contract of everything that starts worker processes.
 *
 * @param make starts processes that answer `heartbeat` with `alive` and the same time, `count` with `claim` and the same
 *   number, a connection with `accepted`, and `drain` with `close`, after which they end with code 0
 * @param connection that can be handed off
 */
export function workerProcessesContract(
  name: string,
  make: () => WorkerProcesses,
  connection: () => Promise<HandedConnection>,
): void {
  describe(`${name} keeps the contract of worker processes`, () => {
    it('calls in later turns only', async () => {
      const watched = new Watched(make())
      watched.process.kill()
      assert.deepEqual([watched.received, watched.ends], [[], []])
      await watched.ended()
    })

    it('carries messages both ways, in order', async () => {
      const watched = new Watched(make())
      const numbers = Array.from({ length: 50 }, (_, at) => at)
      for (const query of numbers) watched.process.send({ kind: 'count', query })
      await eventually('all answers', () => watched.received.length === numbers.length)
      assert.deepEqual(
        watched.received,
        numbers.map((connection) => ({ kind: 'claim', connection })),
      )
      watched.process.kill()
      await watched.ended()
    })

    it('hands a connection off with its message, in order', async () => {
      const watched = new Watched(make())
      const handed = await connection()
      watched.process.send({ kind: 'count', query: 1 })
      watched.process.handOff({ kind: 'connection', connection: 2, listener: 'http', freshUntil: 0 }, handed)
      watched.process.send({ kind: 'count', query: 3 })
      await eventually('all answers', () => watched.received.length === 3)
      assert.deepEqual(watched.received, [
        { kind: 'claim', connection: 1 },
        { kind: 'accepted', connection: 2 },
        { kind: 'claim', connection: 3 },
      ])
      handed.release()
      watched.process.kill()
      await watched.ended()
    })

    it('delivers the last message of a process before its end, and how it ended', async () => {
      const watched = new Watched(make())
      watched.process.send({ kind: 'drain' })
      assert.deepEqual(await watched.ended(), { code: 0, signal: null })
      assert.deepEqual(watched.received, [{ kind: 'close' }])
    })

    it('kills a process, and reports its end once', async () => {
      const watched = new Watched(make())
      watched.process.send({ kind: 'heartbeat', sentMs: 1 })
      await eventually('a sign of life', () => watched.received.length > 0)
      watched.process.kill()
      watched.process.kill()
      assert.deepEqual(await watched.ended(), { code: null, signal: 'SIGKILL' })
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.lengthOf(watched.ends, 1)
    })

    it('knows the pid of each process', async () => {
      const processes = make()
      const [one, other] = [new Watched(processes), new Watched(processes)]
      assert.isAbove(one.process.pid, 0)
      assert.notEqual(one.process.pid, other.process.pid)
      for (const { process } of [one, other]) process.kill()
      await Promise.all([one.ended(), other.ended()])
    })

    it('ignores every call after the end', async () => {
      const watched = new Watched(make())
      watched.process.kill()
      await watched.ended()
      watched.process.send({ kind: 'heartbeat', sentMs: 1 })
      watched.process.handOff(
        { kind: 'connection', connection: 1, listener: 'http', freshUntil: 0 },
        { handle: null, release() {}, abort() {} },
      )
      watched.process.kill()
      await new Promise((resolve) => setTimeout(resolve, 20))
      assert.deepEqual([watched.received, watched.ends.length], [[], 1])
    })
  })
}
