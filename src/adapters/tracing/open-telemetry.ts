import { createRequire } from 'node:module'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type * as OpenTelemetryApi from '@opentelemetry/api'
import type { Attributes, Context, Span, TextMapGetter, Tracer, TracerProvider } from '@opentelemetry/api'
import { traceParentOf } from '../../domain/message/trace-context.js'
import type { FieldSection } from '../../domain/message/field-section.js'
import type { ExchangeRecord } from '../../ports/serving/access-log.js'
import type { RequestSpan, SpanFields, TracedRequest, Tracing, TracingSource } from '../../ports/serving/tracing.js'

/** The exports of the package. Only its types are imported statically, because it is optional. */
type Api = typeof OpenTelemetryApi

const PACKAGE = '@opentelemetry/api'
/** The package registers providers here, for all of its copies of major version 1. */
const REGISTRY = Symbol.for('opentelemetry.js.api.1')
const SERVER_ERRORS = 500
const TRACEPARENT = 'traceparent'

/** Traces requests through OpenTelemetry, where its package is installed and a tracer provider is registered. */
export class OpenTelemetry implements TracingSource {
  /** @param packageAt finds the package: first from this module, then from the working directory */
  constructor(private readonly packageAt: () => string | null = findPackage) {}

  async load(): Promise<Tracing | null> {
    // The package has dozens of modules. They are not loaded only to find that nobody registered a provider.
    if (!(REGISTRY in globalThis)) return null
    const place = this.packageAt()
    if (place === null) return null
    const { default: api } = (await import(pathToFileURL(place).href)) as { default: Api }
    return recordsSpans(api.trace.getTracerProvider()) ? new OpenTelemetryTracing(api) : null
  }
}

function findPackage(): string | null {
  for (const base of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(base).resolve(PACKAGE)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'MODULE_NOT_FOUND') throw error
    }
  }
  return null
}

/**
 * Tells whether a provider records spans. Without a registered provider, the package has one that drops them. Compares
 * the name of the class, because another copy of the package may have registered the provider.
 */
function recordsSpans(provider: TracerProvider): boolean {
  const found = 'getDelegate' in provider ? (provider as { getDelegate(): TracerProvider }).getDelegate() : provider
  return found.constructor.name !== 'NoopTracerProvider'
}

const OF_REQUEST: TextMapGetter<FieldSection> = {
  keys: (fields) => [...fields].map(([name]) => name),
  get: (fields, name) => fields.get(name.toLowerCase()) ?? undefined,
}

const OF_SPAN: TextMapGetter<SpanFields> = {
  keys: (fields) => Object.keys(fields),
  get: (fields, name) => fields[name],
}

class OpenTelemetryTracing implements Tracing {
  private readonly tracer: Tracer

  constructor(private readonly api: Api) {
    this.tracer = api.trace.getTracer('portico')
  }

  begin(request: TracedRequest): RequestSpan | null {
    const { method, fields } = request.head
    const options = { kind: this.api.SpanKind.SERVER, attributes: attributesOf(request) }
    const parent = this.contextOf(fields, OF_REQUEST)
    const span = this.tracer.startSpan(method, options, parent)
    const isSpan = this.api.isSpanContextValid(span.spanContext())
    return isSpan ? new OpenTelemetrySpan(this.api, span, this.api.trace.setSpan(parent, span)) : null
  }

  within<T>(fields: SpanFields, run: () => T): T {
    return this.api.context.with(this.contextOf(fields, OF_SPAN), run)
  }

  /**
   * Extracts the context with the registered propagator. A `traceparent` field that it ignores is continued as well.
   */
  private contextOf<Carrier>(fields: Carrier, getter: TextMapGetter<Carrier>): Context {
    const { propagation, trace, ROOT_CONTEXT } = this.api
    const extracted = propagation.extract(ROOT_CONTEXT, fields, getter)
    if (trace.getSpanContext(extracted) !== undefined) return extracted
    const own = traceParentOf((getter.get(fields, TRACEPARENT) as string | undefined) ?? null)
    if (own === null) return extracted
    const { traceId, parentId: spanId, flags: traceFlags } = own
    return trace.setSpanContext(extracted, { traceId, spanId, traceFlags, isRemote: true })
  }
}

class OpenTelemetrySpan implements RequestSpan {
  constructor(
    private readonly api: Api,
    private readonly span: Span,
    private readonly context: Context,
  ) {}

  get traceId(): string {
    return this.span.spanContext().traceId
  }

  get fields(): SpanFields {
    const { traceId, spanId, traceFlags } = this.span.spanContext()
    const fields = { [TRACEPARENT]: `00-${traceId}-${spanId}-${traceFlags.toString(16).padStart(2, '0')}` }
    this.api.propagation.inject(this.context, fields)
    return fields
  }

  within<T>(run: () => T): T {
    return this.api.context.with(this.context, run)
  }

  /** Sets the name and attributes that OpenTelemetry's semantic conventions define for HTTP server spans. */
  end({ method, route, routeName, status, outcome }: ExchangeRecord): void {
    const { span } = this
    if (route !== 0) {
      const pattern = routeName.slice(routeName.indexOf(' ') + 1)
      span.updateName(`${method} ${pattern}`)
      span.setAttribute('http.route', pattern)
    }
    if (status !== 0) span.setAttribute('http.response.status_code', status)
    const error = errorOf(status, outcome)
    if (error !== null) {
      span.setAttribute('error.type', error)
      // A peer that disconnects is not an error of the server.
      if (outcome !== 'aborted') span.setStatus({ code: this.api.SpanStatusCode.ERROR })
    }
    span.end()
  }
}

function attributesOf({ head, peer, security }: TracedRequest): Attributes {
  const { method, path, query, authority, minor, fields } = head
  const [client, clientPort] = addressOf(peer)
  const [server, serverPort] = addressOf(authority)
  const agent = fields.get('user-agent')
  return {
    'http.request.method': method,
    'url.scheme': security === null ? 'http' : 'https',
    'url.path': path,
    ...(query === '' ? {} : { 'url.query': query }),
    ...(server === '' ? {} : { 'server.address': server }),
    ...(serverPort === null ? {} : { 'server.port': serverPort }),
    'client.address': client,
    'network.peer.address': client,
    ...(clientPort === null ? {} : { 'network.peer.port': clientPort }),
    'network.protocol.version': `1.${minor}`,
    ...(agent === null ? {} : { 'user_agent.original': agent }),
  }
}

const AUTHORITY = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d+))?$/

function addressOf(authority: string): [address: string, port: number | null] {
  const [, bracketed, plain, port] = AUTHORITY.exec(authority) ?? []
  return [bracketed ?? plain ?? authority, port === undefined ? null : Number(port)]
}

function errorOf(status: number, outcome: ExchangeRecord['outcome']): string | null {
  if (status >= SERVER_ERRORS) return String(status)
  return outcome === 'completed' || outcome === 'refused' ? null : outcome
}
