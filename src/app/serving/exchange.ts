import type { RequestHead as Head } from '../../domain/message/request-head.js'
import { traceIdOf } from '../../domain/message/trace-context.js'
import type { Phase } from '../../domain/lifecycle/drain.js'
import type { Outcome } from '../../domain/lifecycle/outcome.js'
import type { ExchangeRecord } from '../../ports/serving/access-log.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { RequestSpan, SpanFields } from '../../ports/serving/tracing.js'
import type { Security } from '../../ports/serving/transport.js'
import type { HandlerRequest, RequestOwner } from './handler-request.js'
import type { Identifiers } from './identifiers.js'

/** A request and its response, from the head's last octet (or its refusal) to the response's: what the logs will tell. */
export class Exchange implements ExchangeRecord, RequestOwner {
  route = 0
  routeName = '<unmatched>'
  status = 0
  bytesIn = 0
  bytesOut = 0
  durationMs = 0
  outcome: Outcome = 'completed'
  /** What the handler was given; null until one was found. */
  handed: HandlerRequest | null = null
  /** Whether the response has been decided: a handler's answer that comes later is dropped. */
  settled = false

  /** What telemetry is told; `null` where there is none. */
  span: RequestSpan | null = null

  private traceId: string | null = null

  /**
   * @param head null for a request that was refused before its head was understood
   * @param of whose connection it is: what it is called is asked for by logs alone
   * @param beganMs on the monotonic clock
   * @param bytesOutBefore what the connection had sent before this exchange
   */
  constructor(
    readonly head: Head | null,
    readonly connection: number,
    readonly request: string,
    private readonly of: { readonly peer: string },
    readonly security: Security | null,
    readonly phase: Phase,
    readonly beganMs: number,
    readonly bytesOutBefore: number,
    readonly log: EventLog,
    private readonly identifiers: Identifiers,
  ) {}

  get thread(): number {
    return this.handed === null ? 0 : this.handed.thread
  }

  get peer(): string {
    return this.of.peer
  }

  get method(): string {
    return this.head === null ? '-' : this.head.method
  }

  get target(): string {
    return this.head === null ? '-' : this.head.target
  }

  get accept(): string | null {
    return this.head === null ? null : this.head.fields.get('accept')
  }

  get trace(): string {
    return (this.traceId ??= this.span?.traceId ?? this.ownTrace() ?? this.identifiers.trace())
  }

  get spanFields(): SpanFields | null {
    return this.span === null ? null : this.span.fields
  }

  private ownTrace(): string | null {
    return this.head === null ? null : traceIdOf(this.head.fields.get('traceparent'))
  }
}
