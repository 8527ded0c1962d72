import type { FromThread, ThreadSeed, ToThread } from '../../../ports/threads/thread-messages.js'

/** What is heard of a thread. `exited` comes once, as the last. */
export interface ThreadEvents {
  received(batch: readonly FromThread[]): void
  /** It threw outside of a request, or was ended for the memory it took. */
  failed(error: unknown): void
  exited(): void
}

/** A thread that was started. */
export interface ThreadLink {
  /** @param transfer memory that is moved to the thread */
  post(batch: readonly ToThread[], transfer: readonly ArrayBuffer[]): void
  /** Ends the thread, whatever it does. Resolves when it is gone; `exited` comes too. */
  end(): Promise<void>
}

/** Starts a thread. No event comes before it returns. */
export type StartThread = (seed: ThreadSeed, events: ThreadEvents) => ThreadLink
