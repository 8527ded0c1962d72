import type { ExchangeRecord } from '../../ports/serving/access-log.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { RequestSpan, SpanFields, TracedRequest, Tracing } from '../../ports/serving/tracing.js'

/** Tracing whose errors do not affect requests: a request whose span fails goes on without it. Only the first error is logged. */
export class GuardedTracing implements Tracing {
  private hasFailed = false

  constructor(
    private readonly tracing: Tracing,
    private readonly log: EventLog,
  ) {}

  /** Begins a span; `null` when that fails. */
  begin(request: TracedRequest): RequestSpan | null {
    try {
      const span = this.tracing.begin(request)
      return span === null ? null : this.guarded(span)
    } catch (error) {
      this.report(error)
      return null
    }
  }

  /** Runs the function; its errors are the caller's. */
  within<T>(fields: SpanFields, run: () => T): T {
    return this.tracing.within(fields, run)
  }

  private guarded(span: RequestSpan): RequestSpan {
    return {
      traceId: span.traceId,
      get fields() {
        return span.fields
      },
      within: (run) => span.within(run),
      end: (exchange) => this.end(span, exchange),
    }
  }

  private end(span: RequestSpan, exchange: ExchangeRecord): void {
    try {
      span.end(exchange)
    } catch (error) {
      this.report(error)
    }
  }

  private report(error: unknown): void {
    if (!this.hasFailed) this.log.error('telemetry failed', { error })
    this.hasFailed = true
  }
}
