import type { Clock, Stoppable } from '../../src/ports/clock.js'

interface Timer {
  dueMs: number
  readonly intervalMs: number | null
  readonly run: () => void
}

/** A clock that stands still until a test moves it. */
export class ManualClock implements Clock {
  private nowMs = 0
  private timers: Timer[] = []

  /** @param wallMs the wall clock's time at the beginning */
  constructor(private readonly wallMs = Date.UTC(2026, 0, 31, 12)) {}

  now(): number {
    return this.nowMs
  }

  wall(): number {
    return this.wallMs + this.nowMs
  }

  every(intervalMs: number, tick: () => void): Stoppable {
    return this.add({ dueMs: this.nowMs + intervalMs, intervalMs, run: tick })
  }

  after(delayMs: number, task: () => void): Stoppable {
    return this.add({ dueMs: this.nowMs + delayMs, intervalMs: null, run: task })
  }

  /** Timers set and neither run nor stopped. */
  get pending(): number {
    return this.timers.length
  }

  /** Moves on, and runs what becomes due in its order, each at its own time. */
  advance(byMs: number): void {
    const endMs = this.nowMs + byMs
    for (let next = this.nextUntil(endMs); next !== undefined; next = this.nextUntil(endMs)) {
      this.nowMs = next.dueMs
      if (next.intervalMs === null) this.remove(next)
      else next.dueMs += next.intervalMs
      next.run()
    }
    this.nowMs = endMs
  }

  private nextUntil(endMs: number): Timer | undefined {
    const due = this.timers.filter(({ dueMs }) => dueMs <= endMs)
    return due.sort((a, b) => a.dueMs - b.dueMs)[0]
  }

  private add(timer: Timer): Stoppable {
    this.timers.push(timer)
    return { stop: () => this.remove(timer) }
  }

  private remove(timer: Timer): void {
    this.timers = this.timers.filter((each) => each !== timer)
  }
}
