import { constants, performance, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import type { ThreadMeter } from '../../../ports/threads/thread-meter.js'

/** A garbage collection, as the platform tells of it. */
interface Collection {
  readonly detail: { readonly kind: number }
}

/** Asks V8 for the memory, which opens no file as `process.memoryUsage()` does, and the event loop for the time. */
export class SystemThreadMeter implements ThreadMeter {
  private heapOctets = 0
  private readonly timing = performance.nodeTiming

  constructor() {
    // What is garbage shows when it has been collected: all that is left then is in use.
    const observer = new PerformanceObserver((list) => {
      const kinds = list.getEntries().map((entry) => (entry as unknown as Collection).detail.kind)
      if (kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) this.heapOctets = getHeapStatistics().used_heap_size
    })
    observer.observe({ entryTypes: ['gc'] })
  }

  get memoryOctets(): number {
    return Math.max(this.heapOctets, getHeapStatistics().external_memory)
  }

  get busyMs(): number {
    return performance.now() - this.timing.idleTime
  }
}
