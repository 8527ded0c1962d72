import { setTimeout } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'
import type { FromThread, ThreadData } from '../../../ports/threads/thread-messages.js'
import type { Settings } from '../../../ports/operations/settings.js'
import type { StartThread, ThreadEvents, ThreadLink } from './thread-link.js'

const MEBIBYTE = 1024 * 1024

/**
 * How far the platform's limit is above ours. We end a thread at our own limit; an allocation that exceeds the platform's
 * limit by more than a little would end the whole process.
 */
const HEADROOM_BYTES = 512 * MEBIBYTE

/** The threads that we have terminated and that have not exited yet. */
const ending = new Map<Worker, Promise<unknown>>()

/**
 * Waits until all terminated threads have exited.
 *
 * @returns whether all have exited; a thread that is stuck in a system call may never end
 */
export async function threadsEnded(withinMs: number): Promise<boolean> {
  const ends = Promise.all(ending.values()).then(() => true)
  return Promise.race([ends, setTimeout(withinMs, false)])
}

/**
 * Starts handler threads as worker threads of this process.
 *
 * @param entry the module that a thread runs; its `workerData` is a `ThreadData`
 */
export function workerThreads(entry: URL, settings: Settings): StartThread {
  const maxOldGenerationSizeMb = Math.ceil((settings.threadpool.memoryBytes + HEADROOM_BYTES) / MEBIBYTE)
  return (setup, events) => {
    try {
      const worker = new Worker(entry, {
        name: `portico-handlers-${setup.thread}`,
        workerData: { setup, settings } satisfies ThreadData,
        // The option describes the source of the main program, not of the thread's module.
        execArgv: process.execArgv.filter((option) => !option.startsWith('--input-type')),
        resourceLimits: { maxOldGenerationSizeMb },
      })
      return linkTo(worker, events)
    } catch (error) {
      // The system may have run out of threads for now: treat it like a thread that exited, which is replaced later.
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
    // A plugin may post messages of its own.
    if (Array.isArray(batch)) events.received(batch as readonly FromThread[])
  })
  worker.on('messageerror', (error) => {
    // A batch is lost: the requests that it was about would never finish.
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
