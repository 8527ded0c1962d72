import type { Trouble } from '../../domain/lifecycle/readiness.js'
import type { ThreadsMetrics } from '../operations/metrics.js'
import type { Answer, Handler, Request, SharedContext } from '../plugins/plugin.js'
import type { SpanFields } from './tracing.js'

/** A handler and its route, as an engine runs it. */
export interface PlacedHandler {
  readonly handler: Handler
  /** Whether every engine runs it in the event loop. */
  readonly inline: boolean
  readonly method: string
  /** The pattern as its author wrote it. Method and pattern together identify the handler in every thread. */
  readonly pattern: string
}

/** The content of a request, for an engine that transfers it to another thread before the handler asks for it. */
export interface EngineContent extends AsyncIterable<Uint8Array> {
  /** From now on the engine asks for pieces ahead of the handler, and calls `awaited` when the handler waits for one. */
  fetchAhead(): void
  /**
   * The handler waits for the next piece.
   *
   * @returns whether it waits for the peer; false when a piece has already arrived
   */
  awaited(): boolean
}

/** A request with the parts that only engines see. */
export interface EngineRequest extends Request {
  /** The query as it was sent, without the `?`. */
  readonly rawQuery: string
  readonly content: EngineContent
  readonly hasContent: boolean
  /** Whether the peer waits for `100 Continue`. It is sent when the content is first asked for. */
  readonly expectsContinue: boolean
  /** The trace context of the request's span, for a thread that does not have the span; `null` without tracing. */
  readonly spanFields: SpanFields | null
  /** Number of the thread that its handler runs in, from 1; 0 is the event loop. */
  thread: number
  /**
   * Calls the listener when the answer is no longer wanted, or at once if that is already so. It costs less than `signal`,
   * but accepts only one listener.
   */
  onAbort(listener: (reason: Error) => void): void
}

/** Decides where handlers run, and which requests are refused when there is no room. */
export interface Engine {
  /** `selectors` or `threadpool`: for the banner, logs and metrics. */
  readonly name: string
  /**
   * Prepares to run handlers. Called once, before the server listens.
   *
   * @param routes all handlers that it will be asked to run
   * @param context for the plugins, wherever the engine loads them
   * @throws {Error} when handlers cannot be run
   */
  start(routes: readonly PlacedHandler[], context: SharedContext): Promise<void>
  /**
   * Runs a handler.
   *
   * @returns the handler's answer; a promise only if the handler returned one, or runs in another thread
   * @throws the handler's error, directly or by the promise; `Unavailable` when the handler could not run or was lost
   */
  run(placed: PlacedHandler, request: EngineRequest): Answer | Promise<Answer>
  /** The number of requests that wait for a handler, and the largest number allowed. */
  readonly queue: { readonly length: number; readonly capacity: number }
  /** The handler threads; `null` when handlers run in the event loop. */
  readonly threads: ThreadsMetrics | null
  /** Why the server is not ready; `null` when the engine works. */
  readonly trouble: Trouble | null
  /** Stops the engine after the last request. Resolves within a bounded time. */
  stop(): Promise<void>
}
