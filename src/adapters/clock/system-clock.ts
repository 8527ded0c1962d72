import { performance } from 'node:perf_hooks'
import type { Clock, Stoppable } from '../../ports/operations/clock.js'

/** The clock and timers of this machine. */
export class SystemClock implements Clock {
  now(): number {
    return performance.now()
  }

  /** Not `performance.now()`, whose origin is the start of the process. */
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
