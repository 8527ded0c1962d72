import { performance } from 'node:perf_hooks'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'

/** The machine's time. */
export class SystemClock implements Clock {
  now(): number {
    return performance.now()
  }

  /** `performance.now()` begins with the process. */
  machine(): number {
    const [seconds, nanoseconds] = process.hrtime()
    return seconds * 1000 + nanoseconds / 1e6
  }

  wall(): number {
    return Date.now()
  }

  every(intervalMs: number, tick: () => void, keepsAlive = false): Stoppable {
    const timer = setInterval(tick, intervalMs)
    if (!keepsAlive) timer.unref()
    return { stop: () => clearInterval(timer) }
  }

  after(delayMs: number, task: () => void): Stoppable {
    const timer = setTimeout(task, delayMs).unref()
    return { stop: () => clearTimeout(timer) }
  }
}
