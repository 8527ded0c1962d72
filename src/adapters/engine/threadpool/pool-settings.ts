import { availableParallelism } from 'node:os'
import type { PoolRules } from '../../../domain/threadpool/pool.js'
import type { Settings } from '../../../ports/operations/settings.js'

/** The settings that the thread pool uses. */
export type PoolSettings = Pick<Settings, 'handlerTimeoutMs' | 'maxConnections' | 'threadpool'>

/** The minimum for `auto`: with one thread, every other request would wait while that thread is stuck. */
const MIN_THREADS = 2

/** A thread has at most this many slots, however many connections there may be. */
const MAX_SLOTS = 65_536

/** The number of threads: as set, or one per core. */
export function threadCount({ threadpool: { workers } }: PoolSettings): number {
  return workers === 'auto' ? Math.max(MIN_THREADS, availableParallelism()) : workers
}

/** The bounds of the pool, from the settings. */
export function poolRules({ handlerTimeoutMs, maxConnections, threadpool }: PoolSettings): PoolRules {
  const { queueSize, queueTimeoutMs, concurrency } = threadpool
  return {
    queueSize,
    // A request that waits as long as a handler may take is rejected: no handler has begun it, so it is not a timeout.
    maxWaitMs: Math.min(queueTimeoutMs, handlerTimeoutMs),
    concurrency,
    // Each connection has at most one request in flight.
    slots: Math.min(maxConnections, MAX_SLOTS),
  }
}
