/** The requests to send, and how. */
export interface LoadOptions {
  /** `http:` or `https:`. The server's certificate is not verified. */
  readonly url: string
  /**
   * The path of the server's unix socket, or `null`. With a socket, the URL's host and port only fill the Host field.
   */
  readonly socketPath: string | null
  readonly connections: number
  readonly durationMs: number
  /** Whether a connection carries more than one request. */
  readonly keepAlive: boolean
  /** Requests in flight on one connection. */
  readonly pipelining: number
  readonly method: string
  readonly headers: readonly (readonly [name: string, value: string])[]
  readonly body: string | null
  /**
   * Requests per second of all connections together; `null`: each connection sends its next request after an answer.
   */
  readonly rate: number | null
}

/** The result of a load. */
export interface LoadReport {
  readonly seconds: number
  /** Requests with a response of any status. */
  readonly requests: number
  readonly errors: {
    /** Connections that failed or ended before the response. */
    readonly connection: number
    readonly timeout: number
    /** Responses with status 4xx or 5xx. */
    readonly status: number
  }
  /** Bytes received. */
  readonly bytes: number
  /**
   * With a rate, latency counts from the moment at which each request was due. Thus a server that stalls is charged
   * with every request that it delayed.
   */
  readonly latencyMs: { readonly p50: number; readonly p95: number; readonly p99: number; readonly max: number }
  /**
   * The distribution in finer steps: a share of all requests, and the longest latency among them. Both rise; the last
   * share is 1.
   */
  readonly quantilesMs: readonly (readonly [share: number, ms: number])[]
  /** Processor time of the load generator. */
  readonly processorMs: number
}

/** A load in progress. */
export interface Load {
  /** Rejects when the load cannot be generated at all. */
  readonly report: Promise<LoadReport>
  /** Ends the load early. The report then covers the time until now. */
  stop(): void
}

/**
 * Starts a load.
 *
 * @param progress called about once a second with the number of responses and the time elapsed
 */
export type BeginLoad = (options: LoadOptions, progress: (requests: number, elapsedMs: number) => void) => Load
