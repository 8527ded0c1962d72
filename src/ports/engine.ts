import type { Answer, Handler, Request } from './plugin.js'

/** A handler in its place: what an engine is asked to run. */
export interface PlacedHandler {
  readonly handler: Handler
  /** Runs in the event loop under every engine. */
  readonly inline: boolean
}

/** Where handlers run, and what happens when there is no room. */
export interface Engine {
  /** `selectors` or `threadpool`: for the banner, logs and metrics. */
  readonly name: string
  start(): Promise<void>
  /**
   * Runs a handler. What it returns is handed on as it is, without a promise where it made none.
   *
   * @throws what the handler throws, at once or by the promise
   */
  run(placed: PlacedHandler, request: Request): Answer | Promise<Answer>
  /** Requests that wait for a handler, and how many may. */
  readonly queue: { readonly length: number; readonly capacity: number }
  /** After the last request. */
  stop(): Promise<void>
}
