import { Worker } from 'node:worker_threads'
import type { FromThread, ThreadOrders, ThreadParts } from '../../ports/crossing.js'
import type { Settings } from '../../ports/settings.js'
import type { StartThread } from './thread-link.js'

const MEBIBYTE = 1024 * 1024

/**
 * What the platform lets a thread take beyond its due, for which we end it ourselves: the whole process dies of an
 * allocation that goes over the platform's limit by more than a little.
 */
const HEADROOM_BYTES = 512 * MEBIBYTE

/**
 * Threads of this process.
 *
 * @param entry the module that a thread runs; it finds its orders in its `workerData`
 */
export function workerThreads(entry: URL, settings: Settings, parts: ThreadParts): StartThread {
  const maxOldGenerationSizeMb = Math.ceil((settings.threadpool.memoryBytes + HEADROOM_BYTES) / MEBIBYTE)
  return (seed, events) => {
    const worker = new Worker(entry, {
      name: `portico-handlers-${seed.thread}`,
      workerData: { seed, settings, parts } satisfies ThreadOrders,
      resourceLimits: { maxOldGenerationSizeMb },
    })
    worker.on('message', (batch: readonly FromThread[]) => events.received(batch))
    worker.on('messageerror', (error) => events.failed(error))
    worker.on('error', (error) => events.failed(error))
    worker.on('exit', () => events.exited())
    return {
      post: (batch, transfer) => worker.postMessage(batch, transfer),
      end: async () => {
        await worker.terminate()
      },
    }
  }
}
