import { constants, PerformanceObserver } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'

/** A garbage collection, as the platform tells of it. */
interface Collection {
  readonly detail: { readonly kind: number }
}

/** The memory that this thread has taken; as V8 tells it, which opens no file as `process.memoryUsage()` does. */
export class MemoryMeter {
  private heapOctets = 0

  constructor() {
    // What is garbage shows when it has been collected: all that is left then is in use.
    const observer = new PerformanceObserver((list) => {
      const kinds = list.getEntries().map((entry) => (entry as unknown as Collection).detail.kind)
      if (kinds.includes(constants.NODE_PERFORMANCE_GC_MAJOR)) this.heapOctets = getHeapStatistics().used_heap_size
    })
    observer.observe({ entryTypes: ['gc'] })
  }

  /** Of the heap or outside of it, whichever is more. */
  get octets(): number {
    return Math.max(this.heapOctets, getHeapStatistics().external_memory)
  }
}
