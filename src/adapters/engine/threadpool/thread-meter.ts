import { constants, performance, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { ThreadMeter } from '../../../ports/threads/thread-meter.js'

/** A performance entry of a garbage collection, which the types of Node do not declare. */
interface Collection {
  readonly detail: { readonly kind: number }
}

/** Reads the memory from V8, because `process.memoryUsage()` opens a file, and the busy time from the event loop. */
export class SystemThreadMeter implements ThreadMeter {
  private heapBytes = 0
  private readonly timing = performance.nodeTiming

  constructor() {
    // Only after a major collection is all of the heap in use; before, it contains garbage.
    const observer = new PerformanceObserver((list) => {
      const kinds = list.getEntries().map((entry) => (entry as unknown as Collection).detail.kind)
      if (kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) this.heapBytes = getHeapStatistics().used_heap_size
    })
    observer.observe({ entryTypes: ['gc'] })
  }

  get memoryBytes(): number {
    return Math.max(this.heapBytes, getHeapStatistics().external_memory)
  }

  get busyMs(): number {
    return performance.now() - this.timing.idleTime
  }
}
