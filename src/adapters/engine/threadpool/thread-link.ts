import type { FromThread, ThreadSetup, ToThread } from '../../../ports/threads/thread-messages.js'

/** The events of a thread. `exited` is the last one and occurs once. */
export interface ThreadEvents {
  received(batch: readonly FromThread[]): void
  /** The thread threw outside of a request, or exceeded its memory limit. */
  failed(error: unknown): void
  exited(): void
}

/** A started thread. */
export interface ThreadLink {
  /** @param transfer memory that is moved to the thread */
  post(batch: readonly ToThread[], transfer: readonly ArrayBuffer[]): void
  /** Ends the thread, whatever it is doing. Resolves when it has ended; `exited` occurs as well. */
  end(): Promise<void>
}

/** Starts a thread. No event occurs before it returns. */
export type StartThread = (setup: ThreadSetup, events: ThreadEvents) => ThreadLink
