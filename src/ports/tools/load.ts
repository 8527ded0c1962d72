/** What is asked of a load. */
export interface LoadOptions {
  /** `http:` or `https:`; a certificate is taken as it is. */
  readonly url: string
  /** Where the server is a unix socket; the URL's host and port are then only named. */
  readonly socketPath: string | null
  readonly connections: number
  readonly durationMs: number
  /** Whether a connection has more than one request. */
  readonly keepAlive: boolean
  /** Requests that a connection has under way at once. */
  readonly pipelining: number
  readonly method: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | null
  /** Requests a second, of all connections together; `null`: as many as are answered. */
  readonly rate: number | null
}

/** What came of a load. */
export interface LoadReport {
  readonly seconds: number
  /** Answered, whatever by. */
  readonly requests: number
  readonly errors: {
    /** Connections that failed, or ended before their answer. */
    readonly connection: number
    readonly timeout: number
    /** Answers of 4xx and 5xx. */
    readonly status: number
  }
  /** Octets that were read. */
  readonly bytes: number
  /** At a rate: from when each request was due, so that a server that stalls is charged with all that it held up. */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number }
  /** The same in finer steps: shares of all requests, and how long so many took at most; both rise, the last share is 1. */
  readonly quantilesMs: readonly (readonly [share: number, ms: number])[]
  /** Processor time that making the load has taken. */
  readonly processorMs: number
}

/** A load under way. */
export interface Load {
  /** Fails when it cannot be made at all. */
  readonly report: Promise<LoadReport>
  /** Ends it early; the report is of what was done until then. */
  stop(): void
}

/** @param progress called about once a second with how many requests have been answered, and since when */
export type BeginLoad = (order: LoadOptions, progress: (requests: number, elapsedMs: number) => void) => Load
