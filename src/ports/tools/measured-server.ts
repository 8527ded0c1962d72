/** The resources used by a server: all its threads, and all processes that it has started. */
export interface ServerUsage {
  /** Processor time since its start. */
  readonly processorMs: number
  /** Resident memory now. */
  readonly residentBytes: number
}

/** A server that runs and listens in a separate process. */
export interface MeasuredServer {
  /** Its origins, such as `http://127.0.0.1:40123`. */
  readonly origins: readonly string[]
  /** Returns `null` where the system does not report usage, or after the server has ended. */
  usage(): ServerUsage | null
  /** Ends the server and waits for its exit. */
  stop(): Promise<void>
}

/**
 * Starts a server and waits until it listens.
 *
 * @param words the arguments of its command line
 * @throws {Error} with its output, when it ends before it listens
 */
export type StartMeasuredServer = (words: readonly string[]) => Promise<MeasuredServer>
