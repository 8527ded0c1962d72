import { deferred } from '../../../domain/deferred.js'
import type { Clock } from '../../../ports/operations/clock.js'
import type { PooledRequest } from './pooled-request.js'
import type { ThreadHandle } from './thread-handle.js'
import { ThreadSlot, type SlotOwner } from './thread-slot.js'
import type { ThreadpoolTimings } from './timings.js'

/** All slots of the pool. Thread numbers start at 1. */
export class ThreadSlots {
  private readonly slots: readonly ThreadSlot[]

  constructor(
    readonly count: number,
    private readonly clock: Clock,
    private readonly timings: ThreadpoolTimings,
    owner: SlotOwner,
  ) {
    this.slots = Array.from({ length: count }, (_, at) => new ThreadSlot(at + 1, clock, timings, owner))
  }

  /** Starts a thread in each slot. */
  start(): void {
    for (const slot of this.slots) slot.start()
  }

  /** Stops all threads and their plugins. Resolves within a bounded time, even if a thread does not end. */
  async stop(): Promise<void> {
    const { stopMs, endMs } = this.timings
    const { threads } = this
    for (const slot of this.slots) slot.close()
    const [stopping, ending] = [this.wait(stopMs), this.wait(stopMs + endMs)]
    const stopped = Promise.all(threads.map((thread) => thread.stop(stopping.over)))
    // A thread that is stuck in a system call may never end.
    await Promise.race([stopped, ending.over])
    for (const { timer } of [stopping, ending]) timer.stop()
  }

  /** The threads that are starting or ready. */
  get threads(): readonly ThreadHandle[] {
    return this.slots.flatMap(({ thread }) => thread ?? [])
  }

  /** The threads that are ready. */
  get readyThreads(): readonly ThreadHandle[] {
    return this.slots.flatMap(({ thread, isReady }) => (isReady && thread !== null ? thread : []))
  }

  /** Whether a thread is ready, or is expected to be ready soon. */
  get acceptsRequests(): boolean {
    return this.slots.some((slot) => slot.acceptsRequests)
  }

  /** Whether the threads of a slot are lost again and again soon after they start. */
  get isCrashLooping(): boolean {
    return this.slots.some((slot) => slot.isCrashLooping)
  }

  /** The slot of a thread. */
  slotOf({ number }: ThreadHandle): ThreadSlot {
    return this.slots[number - 1]!
  }

  /** The thread that a request is assigned to; undefined if it waits or is finished. */
  threadOf({ thread }: PooledRequest): ThreadHandle | undefined {
    return this.slots[thread - 1]?.thread ?? undefined
  }

  private wait(ms: number) {
    const { promise, resolve } = deferred()
    return { over: promise, timer: this.clock.after(ms, resolve) }
  }
}
