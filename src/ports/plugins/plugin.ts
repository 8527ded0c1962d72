import type { FieldSection } from '../../domain/message/field-section.js'
import type { Response } from '../../domain/message/response.js'
import type { Phase } from '../../domain/lifecycle/drain.js'
import type { EventLog } from '../operations/event-log.js'
import type { Files } from '../serving/files.js'
import type { ServiceMetrics } from '../operations/metrics.js'
import type { Security } from '../serving/transport.js'

/** Path parameters by name, percent-decoded. The rest of the path that a trailing `*` matches is under `*`. */
export type Params = Readonly<Record<string, string>>

/**
 * A request as its handler sees it.
 *
 * Content is read only when the handler asks for it. Read it once, in one way: `content`, `bytes()`, `text()` or `json()`.
 */
export interface Request {
  /** The method as the peer sent it, such as `GET`. Methods are case-sensitive. */
  readonly method: string
  /** The target as the peer sent it. */
  readonly target: string
  /** The normalized path: decoded once, without dot segments. `%2F` and `%25` stay encoded. */
  readonly path: string
  readonly query: URLSearchParams
  /** Path parameters, fully decoded: `%2F` in the path is `/` here. */
  readonly params: Params
  /** The header fields. `headers.get(name)` ignores the letter case of the name. */
  readonly headers: FieldSection
  /** The trailer fields. Empty until the content has been read to its end. */
  readonly trailers: FieldSection
  /** The content in pieces. The peer can send no faster than the handler takes them. */
  readonly content: AsyncIterable<Uint8Array>
  /** Reads the whole content. */
  bytes(): Promise<Buffer>
  /** Reads the whole content as UTF-8. */
  text(): Promise<string>
  /**
   * Reads the whole content as JSON.
   *
   * @throws {SyntaxError} when the content is not JSON; unless the handler catches it, the answer is 400
   */
  json(): Promise<unknown>
  /** Aborts when the peer disconnects or the handler's deadline passes. */
  readonly signal: AbortSignal
  /** The id of the request, as in its `X-Request-Id` field and in the logs. */
  readonly id: string
  /** The W3C trace id: from the peer's `traceparent`, or a new one. */
  readonly traceId: string
  /** The peer's address and port, as `address:port` or `[address]:port`. */
  readonly peer: string
  /** The TLS version, the cipher suite, and the client certificate if there is one. `null` for plain HTTP. */
  readonly tls: Security | null
  /** The plugin's logger. It adds the request's id to every event. */
  readonly log: EventLog
}

/** What a handler returns. A string is sent as plain text. */
export type Answer = string | Response

/** Answers the requests of one route. An error that it throws is logged, and answered with 500. */
export type Handler = (request: Request) => Answer | Promise<Answer>

/** A route with options. */
export interface RouteDefinition {
  readonly handler: Handler
  /**
   * Runs the handler in the event loop on every engine, so that it answers even while all handler threads are busy. Such
   * a handler must be quick: nothing else runs in the meantime.
   */
  readonly inline?: boolean
  /**
   * Makes this an admin route, like `/_metrics`: it answers on the listener that `admin.listener` selects, only to
   * requests that carry `admin.token` if one is set, and in the event loop like an `inline` route.
   */
  readonly admin?: boolean
}

/**
 * Routes by method and pattern, such as `GET /users/:id`. A pattern is made of literal segments, `:name` and a trailing
 * `*`; the more specific pattern wins.
 */
export type Routes = Readonly<Record<string, Handler | RouteDefinition>>

/** The part of a plugin's context that is the same for all plugins. */
export interface SharedContext {
  readonly log: EventLog
  readonly files: Files
  /** The metrics of the server, all its processes together. */
  readonly metrics: ServiceMetrics
  /** Returns the phase of this process. */
  readonly phase: () => Phase
  /** Returns why the service wants no new requests, such as `draining`; `null` when it is ready. */
  readonly unready: () => string | null
  /** Number of the handler thread that runs this copy of the plugin, from 1; 0 is the event loop. */
  readonly thread: number
}

/** What a plugin receives when it starts, once in each thread that loads it. */
export interface PluginContext extends SharedContext {
  /** The plugin's section of the configuration, `plugins.settings.NAME`; empty if there is none. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** A plugin: the default export of its module. */
export interface Plugin {
  /** The name in logs, and of the plugin's section in the configuration. */
  readonly name: string
  /** The routes, or a function that returns them. It is called after `start`. */
  readonly routes: Routes | ((context: PluginContext) => Routes)
  /** Called once in each thread before the server listens. An error stops the server's start, and names the plugin. */
  start?(context: PluginContext): void | Promise<void>
  /** Called once in each thread after the last request. */
  stop?(): void | Promise<void>
}
