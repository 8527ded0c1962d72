import type { Clock, Stoppable } from '../../src/ports/operations/clock.js'

interface Timer {
  dueMs: number
  /** `null` for a timer that runs once. */
  readonly intervalMs: number | null
  readonly task: () => void
}

/** The uptime of the machine when a test begins. */
const MACHINE_MS = 3_600_000

/** A clock that does not run: the test advances it. */
export class FakeClock implements Clock {
  /** The difference between the wall clock and `now`. Set it to make the wall clock jump. */
  wallOffsetMs: number
  private nowMs = 0
  private readonly timers = new Set<Timer>()

  constructor(wallMs = Date.UTC(2026, 0, 1)) {
    this.wallOffsetMs = wallMs
  }

  /** The number of pending timers. */
  get pending(): number {
    return this.timers.size
  }

  now(): number {
    return this.nowMs
  }

  machine(): number {
    return MACHINE_MS + this.nowMs
  }

  wall(): number {
    return this.wallOffsetMs + this.nowMs
  }

  every(intervalMs: number, tick: () => void): Stoppable {
    return this.set({ dueMs: this.nowMs + intervalMs, intervalMs, task: tick })
  }

  after(delayMs: number, task: () => void): Stoppable {
    return this.set({ dueMs: this.nowMs + delayMs, intervalMs: null, task })
  }

  /** Lets time pass. Due timers run in order, each at its time. */
  advance(byMs: number): void {
    const untilMs = this.nowMs + byMs
    for (let next = this.next(untilMs); next !== null; next = this.next(untilMs)) this.run(next)
    this.nowMs = untilMs
  }

  private set(timer: Timer): Stoppable {
    this.timers.add(timer)
    return { stop: () => void this.timers.delete(timer) }
  }

  private next(untilMs: number): Timer | null {
    let first: Timer | null = null
    for (const timer of this.timers)
      if (timer.dueMs <= untilMs && (first === null || timer.dueMs < first.dueMs)) first = timer
    return first
  }

  private run(timer: Timer): void {
    this.nowMs = timer.dueMs
    if (timer.intervalMs === null) this.timers.delete(timer)
    else timer.dueMs += timer.intervalMs
    timer.task()
  }
}
