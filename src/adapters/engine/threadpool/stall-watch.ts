import type { Settings } from '../../../ports/operations/settings.js'
import type { ThreadHandle } from './thread-handle.js'

/** How often the watch looks. */
export const WATCH_MS = 10

/** When more time than this has passed between two looks, the main thread stood still, and it counts as one look's. */
const LONGEST_STEP_MS = 2 * WATCH_MS

/** How often the memory of the process is read while all threads are well: it costs more than a look. */
const MEMORY_MS = 100

/** How long a thread may take to hear that a request is aborted. */
export const GRACE_MS = 1000

/** What the watch finds: nothing; a thread that has just got stuck; one that is to be ended, and why. */
export type Finding = 'nothing' | 'stalls' | 'stuck' | 'memory'

/**
 * Judges whether threads come back from their handlers.
 *
 * It has a time of its own, which passes while it looks: what a thread could not say because the main thread stood still
 * is not held against it.
 */
export class StallWatch {
  /** Milliseconds, as of the latest look. */
  nowMs = 0
  private lookedMs = 0
  private rssBytes = 0
  private readMs = -Infinity

  /** @param readRss reads the memory of the whole process, in octets */
  constructor(
    private readonly settings: Pick<Settings, 'handlerTimeoutMs' | 'threadpool'>,
    private readonly readRss: () => number,
  ) {}

  /** It looks from now on, by the clock of everyone else. */
  begin(clockMs: number): void {
    this.lookedMs = clockMs
  }

  /** It looks now. */
  look(clockMs: number): void {
    const stepMs = clockMs - this.lookedMs
    this.nowMs += stepMs > LONGEST_STEP_MS ? WATCH_MS : stepMs
    this.lookedMs = clockMs
    if (this.nowMs - this.readMs >= MEMORY_MS) this.readMemory()
  }

  judge(thread: ThreadHandle): Finding {
    if (thread.isFresh) thread.wellRssBytes = this.rssBytes
    thread.isFresh = false
    if (thread.ignoresAborts()) return 'stuck'
    if (thread.isStuck) return this.judgeStuck(thread)
    return thread.stalls() ? 'stalls' : 'nothing'
  }

  private judgeStuck(thread: ThreadHandle): Finding {
    const { handlerTimeoutMs, threadpool } = this.settings
    if (this.nowMs - thread.silentSinceMs >= handlerTimeoutMs + GRACE_MS) return 'stuck'
    // It cannot tell what it takes, so that all that the process has come to take meanwhile is put down to it.
    this.readMemory()
    return this.rssBytes - thread.wellRssBytes > threadpool.memoryBytes ? 'memory' : 'nothing'
  }

  private readMemory(): void {
    this.readMs = this.nowMs
    this.rssBytes = this.readRss()
  }
}
