import type { Settings } from '../../ports/settings.js'
import type { LiveThread } from './live-thread.js'

/** How long a thread may take to hear that a request is aborted. */
export const GRACE_MS = 1000

/** What the watch finds: nothing; a thread that has just got stuck; one that is to be ended, and why. */
export type Finding = 'nothing' | 'stalls' | 'stuck' | 'memory'

/** Judges whether threads come back from their handlers. */
export class StallWatch {
  constructor(private readonly settings: Pick<Settings, 'handlerTimeoutMs' | 'threadpool'>) {}

  /** @param rssBytes memory of the whole process, in octets */
  judge(thread: LiveThread, nowMs: number, rssBytes: number): Finding {
    if (thread.isFresh) thread.wellRssBytes = rssBytes
    thread.isFresh = false
    if (thread.ignoresAborts(nowMs)) return 'stuck'
    if (thread.isStuck) return this.judgeStuck(thread, nowMs, rssBytes)
    return thread.stalls(nowMs) ? 'stalls' : 'nothing'
  }

  private judgeStuck(thread: LiveThread, nowMs: number, rssBytes: number): Finding {
    const { handlerTimeoutMs, threadpool } = this.settings
    if (nowMs - thread.silentSinceMs >= handlerTimeoutMs + GRACE_MS) return 'stuck'
    // It cannot tell what it takes, so that all that the process has come to take meanwhile is put down to it.
    return rssBytes - thread.wellRssBytes > threadpool.memoryBytes ? 'memory' : 'nothing'
  }
}
