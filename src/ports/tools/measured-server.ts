/** What a server has used, with all its threads and all processes that it has started. */
export interface ServerUsage {
  /** Of its processors, since its start. */
  readonly processorMs: number
  /** Of its memory, now. */
  readonly residentOctets: number
}

/** A server in a process of its own, that listens. */
export interface MeasuredServer {
  /** Where it answers, such as `http://127.0.0.1:40123`. */
  readonly origins: readonly string[]
  /** `null` where the system does not tell, or when the server is gone. */
  usage(): ServerUsage | null
  /** Ends it, and waits until it is gone. */
  stop(): Promise<void>
}

/**
 * @param words of its command line
 * @throws {Error} with what it said, when it ends before it listens
 */
export type StartMeasuredServer = (words: readonly string[]) => Promise<MeasuredServer>
