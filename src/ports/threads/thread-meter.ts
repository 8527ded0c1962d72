/** Measures the thread that reads it. */
export interface ThreadMeter {
  /** Bytes in use: of the JavaScript heap or outside of it, whichever is more. */
  readonly memoryBytes: number
  /** How long the thread's event loop has been busy, in milliseconds from an arbitrary start. Idle time does not count. */
  readonly busyMs: number
}
