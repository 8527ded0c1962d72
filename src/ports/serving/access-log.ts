import type { Phase } from '../../domain/lifecycle/drain.js'
import type { Outcome } from '../../domain/lifecycle/outcome.js'
import type { Security } from './transport.js'

/** One request, as the access log and the metrics see it at its end. Read during the call, never kept. */
export interface ExchangeRecord {
  /** Number of the thread that the handler ran in, from 1; 0 is the event loop. */
  readonly thread: number
  /** Number of the connection, from 1. */
  readonly connection: number
  /** The id that `X-Request-Id` carries: letters, digits, `-` and `_`. */
  readonly request: string
  /** The trace id, 32 hexadecimal digits: that of a valid `traceparent`, else a fresh one. */
  readonly trace: string
  readonly phase: Phase
  /** The peer's address and port, as `address:port` or `[address]:port`. */
  readonly peer: string
  /** How the connection is secured; `null` for plain HTTP. */
  readonly security: Security | null
  /** `-` when the head was refused before it was known. */
  readonly method: string
  /** The raw target, visible ASCII without `"` and `\`; `-` when the head was refused before it was known. */
  readonly target: string
  /** Index of the route in the table given to the metrics; 0 is `<unmatched>`. */
  readonly route: number
  /** The route's pattern, such as `GET /users/:id`. */
  readonly routeName: string
  /** 0 when no response was begun. */
  readonly status: number
  /** Octets of the request as framed, head and content. */
  readonly bytesIn: number
  /** Octets of the response as framed, head and content. */
  readonly bytesOut: number
  readonly durationMs: number
  readonly outcome: Outcome
}

/** The log of requests, one line each. Appending is all that happens on the request path; writing is batched. */
export interface AccessLog {
  record(exchange: ExchangeRecord): void
  /** Lines not written because the sink blocked or failed. */
  readonly dropped: number
  /** Writes what is buffered, within a bounded time, and stops. */
  close(): Promise<void>
}
