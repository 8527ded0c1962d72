/** Sets up OpenTelemetry, to be loaded before the server with `--import`. It prints each ended span as a line of JSON. */
import { trace } from '@opentelemetry/api'
import { NodeTracerProvider, type SpanProcessor } from '@opentelemetry/sdk-trace-node'
import { writeSync } from 'node:fs'

const STANDARD_OUTPUT = 1

const printer: SpanProcessor = {
  onStart: () => undefined,
  onEnd: (span) => {
    const { traceId, spanId } = span.spanContext()
    const facts = { span: span.name, traceId, spanId, parentId: span.parentSpanContext?.spanId ?? null }
    writeSync(STANDARD_OUTPUT, `${JSON.stringify({ ...facts, kind: span.kind, attributes: span.attributes })}\n`)
  },
  forceFlush: () => Promise.resolve(),
  shutdown: () => Promise.resolve(),
}

new NodeTracerProvider({ spanProcessors: [printer] }).register()

/** Plugins cannot import the package, because their folder has none. */
Object.assign(globalThis, { tracer: trace.getTracer('plugin') })
