import type { Clock, Stoppable } from '../../ports/clock.js'

/** The machine's time. Its timers do not keep the process alive. */
export class SystemClock implements Clock {
  now(): number {
    return performance.now()
  }

  wall(): number {
    return Date.now()
  }

  every(intervalMs: number, tick: () => void): Stoppable {
    const timer = setInterval(tick, intervalMs).unref()
    return { stop: () => clearInterval(timer) }
  }

  after(delayMs: number, task: () => void): Stoppable {
    const timer = setTimeout(task, delayMs).unref()
    return { stop: () => clearTimeout(timer) }
  }
}
