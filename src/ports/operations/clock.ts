/** Something that was started and can be stopped; stopping twice is harmless. */
export interface Stoppable {
  stop(): void
}

/** Time, as the inside asks for it. */
export interface Clock {
  /** Milliseconds, with a fraction, that never go back: for durations and deadlines. */
  now(): number
  /**
   * Milliseconds, with a fraction, that never go back, and that all processes of the machine count alike: for times that
   * one tells another.
   */
  machine(): number
  /** Milliseconds since 1970-01-01 UTC, as the wall clock has it: for `Date` fields and logs. */
  wall(): number
  /**
   * Runs `tick` again and again.
   *
   * @param keepsAlive whether the process must not end before it is stopped; no unless told
   */
  every(intervalMs: number, tick: () => void, keepsAlive?: boolean): Stoppable
  /** Runs `task` once; does not keep the process alive by itself. */
  after(delayMs: number, task: () => void): Stoppable
}
