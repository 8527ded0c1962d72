/** Something that runs until it is stopped. Stopping it twice is harmless. */
export interface Stoppable {
  stop(): void
}

/** Reads the time and runs timers. */
export interface Clock {
  /** Milliseconds with a fraction, monotonic: for durations and deadlines within this process. */
  now(): number
  /**
   * Milliseconds with a fraction, monotonic, from one origin for all processes of the machine: for times that processes
   * exchange.
   */
  machine(): number
  /** Milliseconds since 1970-01-01 UTC, from the wall clock: for `Date` fields and logs. */
  wall(): number
  /**
   * Runs `tick` at an interval until it is stopped.
   *
   * @param keepsAlive whether the timer keeps the process running; `false` by default
   */
  every(intervalMs: number, tick: () => void, keepsAlive?: boolean): Stoppable
  /** Runs `task` once. The timer does not keep the process running. */
  after(delayMs: number, task: () => void): Stoppable
}
