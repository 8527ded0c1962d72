import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { FromThread, ThreadData } from '../../../ports/threads/thread-messages.js'
import type { Settings } from '../../../ports/operations/settings.js'
import type { StartThread, ThreadEvents, ThreadLink } from './thread-link.js'

const MEBIBYTE = 1024 * 1024

/**
 * What the platform lets a thread take beyond its due, for which we end it ourselves: the whole process dies of an
 * allocation that goes over the platform's limit by more than a little.
 */
const HEADROOM_BYTES = 512 * MEBIBYTE

/** Threads that are to end and have not, and their ends. */
const ending = new Map<Worker, Promise<unknown>>()

/**
 * Waits for the threads that are to end.
 *
 * @returns whether all have: one that is stuck in a call of the system, where nothing reaches it, never does
 */
export async function threadsEnded(withinMs: number): Promise<boolean> {
  const ends = Promise.all(ending.values()).then(() => true)
  return Promise.race([ends, setTimeout(withinMs, false)])
}

/**
 * Threads of this process.
 *
 * @param entry the module that a thread runs; it finds its orders in its `workerData`
 */
export function workerThreads(entry: URL, settings: Settings): StartThread {
  const maxOldGenerationSizeMb = Math.ceil((settings.threadpool.memoryBytes + HEADROOM_BYTES) / MEBIBYTE)
  return (seed, events) => {
    try {
      const worker = new Worker(entry, {
        name: `portico-handlers-${seed.thread}`,
        workerData: { seed, settings } satisfies ThreadData,
        // It tells how the main program was given, which the thread's is not.
        execArgv: process.execArgv.filter((option) => !option.startsWith('--input-type')),
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
  const end = async (): Promise<void> => {
    const end = worker.terminate()
    ending.set(worker, end)
    await end
  }
  worker.on('message', (batch: unknown) => {
    // A plugin may post something of its own.
    if (Array.isArray(batch)) events.received(batch as readonly FromThread[])
  })
  worker.on('messageerror', (error) => {
    // A batch is lost, and whoever waits for what was in it would wait for ever.
    events.failed(error)
    void end()
  })
  worker.on('error', (error) => events.failed(error))
  worker.on('exit', () => {
    ending.delete(worker)
    events.exited()
  })
  return { post: (batch, transfer) => worker.postMessage(batch, transfer), end }
}
