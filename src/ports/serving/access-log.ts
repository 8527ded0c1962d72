import type { Phase } from '../../domain/lifecycle/drain.js'
import type { Outcome } from '../../domain/lifecycle/outcome.js'
import type { Security } from './transport.js'

/** One request and its response, as recorded at their end. Read it during the call: it must not be kept. */
export interface ExchangeRecord {
  /** Number of the thread that the handler ran in, from 1; 0 is the event loop. */
  readonly thread: number
  /** Number of the connection, from 1. */
  readonly connection: number
  /** The id that `X-Request-Id` carries: letters, digits, `-` and `_`. */
  readonly requestId: string
  /** The trace id, 32 hexadecimal digits: from the peer's `traceparent` if it is valid, otherwise a new one. */
  readonly trace: string
  /** The phase of the server when the request began. */
  readonly phase: Phase
  /** The peer's address and port, as `address:port` or `[address]:port`. */
  readonly peer: string
  /** How the connection is secured; `null` for plain HTTP. */
  readonly security: Security | null
  /** `-` when the head was refused before the method was known. */
  readonly method: string
  /** The target as it was sent, visible ASCII without `"` and `\`; `-` when the head was refused before it was known. */
  readonly target: string
  /** Index of the route in the table that the metrics have; 0 is `<unmatched>`. */
  readonly route: number
  /** The route's pattern, such as `GET /users/:id`. */
  readonly routeName: string
  /** The status of the response; 0 when none was sent. */
  readonly status: number
  /** Bytes of the request as framed, head and content. */
  readonly bytesIn: number
  /** Bytes of the response as framed, head and content. */
  readonly bytesOut: number
  readonly durationMs: number
  readonly outcome: Outcome
}

/** The log of requests, one line each. The request path only appends; the log writes in batches. */
export interface AccessLog {
  /** Appends the line of a request. */
  record(exchange: ExchangeRecord): void
  /** Number of lines that were dropped because the output was blocked or failed. */
  readonly dropped: number
  /** Writes the buffered lines, within a bounded time, and stops. */
  close(): Promise<void>
}
