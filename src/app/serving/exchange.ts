import type { Phase } from '../../domain/lifecycle/drain.js'
import type { Outcome } from '../../domain/lifecycle/outcome.js'
import type { RequestHead } from '../../domain/message/request-head.js'
import { traceIdOf } from '../../domain/message/trace-context.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { ExchangeRecord } from '../../ports/serving/access-log.js'
import type { RequestSpan, SpanFields } from '../../ports/serving/tracing.js'
import type { Security } from '../../ports/serving/transport.js'
import type { HandlerRequest, RequestOwner } from './handler-request.js'
import type { Identifiers } from './identifiers.js'

/**
 * A request and its response, from the last octet of the head (or its refusal) to the last octet of the response. The
 * access log, the metrics and tracing read it at its end.
 */
export class Exchange implements ExchangeRecord, RequestOwner {
  route = 0
  routeName = '<unmatched>'
  status = 0
  bytesIn = 0
  bytesOut = 0
  durationMs = 0
  outcome: Outcome = 'completed'
  /** The request as its handler sees it; `null` until a handler is found. */
  handlerRequest: HandlerRequest | null = null
  /** Whether the response has been decided: a later answer of the handler is dropped. */
  settled = false
  /** Whether the handler has exceeded its own deadline; not set when only the peer was too slow. */
  handlerTimedOut = false

  /** `null` without tracing. */
  span: RequestSpan | null = null

  private traceId: string | null = null

  /**
   * The arguments are positional, since an object of them would be allocated for every request.
   *
   * @param head null for a request that was refused before its head was understood
   * @param connection number of the connection, from 1
   * @param requestId the value of `X-Request-Id`
   * @param owner names the peer; only logs ask for it, so the name is made when it is asked for
   * @param beganMs on the monotonic clock
   * @param bytesOutBefore octets that the connection had sent before this exchange
   */
  constructor(
    readonly head: RequestHead | null,
    readonly connection: number,
    readonly requestId: string,
    private readonly owner: { readonly peer: string },
    readonly security: Security | null,
    readonly phase: Phase,
    readonly beganMs: number,
    readonly bytesOutBefore: number,
    readonly log: EventLog,
    private readonly identifiers: Identifiers,
  ) {}

  get thread(): number {
    return this.handlerRequest === null ? 0 : this.handlerRequest.thread
  }

  get peer(): string {
    return this.owner.peer
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
    return (this.traceId ??= this.span?.traceId ?? this.peersTrace() ?? this.identifiers.trace())
  }

  get spanFields(): SpanFields | null {
    return this.span === null ? null : this.span.fields
  }

  private peersTrace(): string | null {
    return this.head === null ? null : traceIdOf(this.head.fields.get('traceparent'))
  }
}
