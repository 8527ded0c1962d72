import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { ThreadsMetrics } from '../operations/metrics.js'
import type { Answer, Handler, Request, SharedContext } from '../plugins/plugin.js'
import type { SpanFields } from './tracing.js'

/** A handler in its place: what an engine is asked to run. */
export interface PlacedHandler {
  readonly handler: Handler
  /** Runs in the event loop under every engine. */
  readonly inline: boolean
  readonly method: string
  /** As its author wrote it; with the method it names the handler wherever the plugins are loaded. */
  readonly pattern: string
}

/** The content of a request, for an engine that passes it on before the handler asks for it. */
export interface EngineContent extends AsyncIterable<Uint8Array> {
  /** To ask for a piece does not mean that the handler waits for it: from now on `awaited` tells that. */
  fetchAhead(): void
  /**
   * The handler waits for the next piece.
   *
   * @returns false when it does not wait for the peer: a piece is on its way
   */
  awaited(): boolean
}

/** A request, and what an engine may know of it beside what handlers may. */
export interface EngineRequest extends Request {
  /** Raw, without the `?`. */
  readonly rawQuery: string
  readonly content: EngineContent
  readonly hasContent: boolean
  /** Whether the peer waits for `100 Continue`, which it gets when the content is first asked for. */
  readonly expectsContinue: boolean
  /** What carries the span that its handler is part of; `null` where nobody traces. */
  readonly spanFields: SpanFields | null
  /** Number of the thread that its handler runs in, from 1; 0 is the event loop. */
  thread: number
  /** Calls back when nobody waits for the answer any more; at once when that is so already. The signal does the same, for more. */
  onAbort(told: (reason: Error) => void): void
}

/** Where handlers run, and what happens when there is no room. */
export interface Engine {
  /** `selectors` or `threadpool`: for the banner, logs and metrics. */
  readonly name: string
  /**
   * @param routes all that it will be asked to run
   * @param context what plugins are given, wherever the engine loads them
   * @throws {Error} when handlers cannot be run
   */
  start(routes: readonly PlacedHandler[], context: SharedContext): Promise<void>
  /**
   * Runs a handler. What it returns is handed on as it is, without a promise where it made none.
   *
   * @throws what the handler throws, at once or by the promise; `Unavailable` when it could not be run or was lost
   */
  run(placed: PlacedHandler, request: EngineRequest): Answer | Promise<Answer>
  /** Requests that wait for a handler, and how many may. */
  readonly queue: { readonly length: number; readonly capacity: number }
  /** The threads that handlers run in; `null` where they run in the event loop. */
  readonly threads: ThreadsMetrics | null
  /** What is wrong, for readiness; `null` when all is well. */
  readonly trouble: Trouble | null
  /** After the last request. Resolves within a bounded time. */
  stop(): Promise<void>
}
