/** What the thread that asks has used. */
export interface ThreadMeter {
  /** Octets in memory: of its heap, or outside of it, whichever are more. */
  readonly memoryOctets: number
  /** How long its event loop has been at work, in milliseconds since whenever: time that it waited does not count. */
  readonly busyMs: number
}
