import { Worker } from 'node:worker_threads'
import type { FromThread, ThreadOrders, ThreadParts } from '../../ports/crossing.js'
import type { Settings } from '../../ports/settings.js'
import type { StartThread, ThreadEvents, ThreadLink } from './thread-link.js'

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
    try {
      const worker = new Worker(entry, {
        name: `portico-handlers-${seed.thread}`,
        workerData: { seed, settings, parts } satisfies ThreadOrders,
        resourceLimits: { maxOldGenerationSizeMb },
      })
      return linkTo(worker, events)
    } catch (error) {
      // The system has no thread to give: it may have one later, so that it is like one that died.
      setImmediate(() => {
        events.failed(error)
        events.exited()
      })
      return { post: () => undefined, end: () => Promise.resolve() }
    }
  }
}

function linkTo(worker: Worker, events: ThreadEvents): ThreadLink {
  worker.on('message', (batch: readonly FromThread[]) => events.received(batch))
  worker.on('messageerror', (error) => {
    // A batch is lost, and whoever waits for what was in it would wait for ever.
    events.failed(error)
    void worker.terminate()
  })
  worker.on('error', (error) => events.failed(error))
  worker.on('exit', () => events.exited())
  return {
    post: (batch, transfer) => worker.postMessage(batch, transfer),
    end: async () => {
      await worker.terminate()
    },
  }
}
