import type { FieldSection } from '../../domain/message/field-section.js'
import type { Response } from '../../domain/message/response.js'
import type { Phase } from '../../domain/lifecycle/drain.js'
import type { EventLog } from '../operations/event-log.js'
import type { Files } from '../serving/files.js'
import type { ServiceMetrics } from '../operations/metrics.js'
import type { Security } from '../serving/transport.js'

/** Path parameters by name, percent-decoded; the trailing `*` stands under `*`. Has no prototype. */
export type Params = Readonly<Record<string, string>>

/** What a handler sees of a request. Content is read as it is asked for; not asking for it is fine. */
export interface Request {
  /** In upper case as the peer sent it, such as `GET`. */
  readonly method: string
  /** The target as the peer sent it. */
  readonly target: string
  /** The path in its normal form: decoded once, dot segments removed; `%2F` and `%25` stay as they are. */
  readonly path: string
  readonly query: URLSearchParams
  /** Decoded whole: `%2F` in the path is a `/` here. */
  readonly params: Params
  /** Names in lower case. */
  readonly headers: FieldSection
  /** Empty until the content has been read to its end. */
  readonly trailers: FieldSection
  /** The content in pieces; the peer is slowed to the pace they are taken at. Can be read once, in one way. */
  readonly content: AsyncIterable<Uint8Array>
  bytes(): Promise<Buffer>
  /** As UTF-8. */
  text(): Promise<string>
  /** @throws {SyntaxError} for content that is not JSON; answered with 400 unless the handler catches it */
  json(): Promise<unknown>
  /** Aborts when the peer leaves or the handler's deadline passes. */
  readonly signal: AbortSignal
  /** Also in the response's `X-Request-Id` and the logs. */
  readonly id: string
  /** The W3C trace id: the peer's, or a fresh one. */
  readonly traceId: string
  /** Who asked, as `address:port`. */
  readonly peer: string
  /** How the connection is secured, and who the peer is by its certificate; `null` for plain HTTP. */
  readonly tls: Security | null
  /** The plugin's logger, with the request's id on every event. */
  readonly log: EventLog
}

/** A bare string is text. */
export type Answer = string | Response

export type Handler = (request: Request) => Answer | Promise<Answer>

/** A route with settings of its own. */
export interface RouteDefinition {
  readonly handler: Handler
  /** Runs in the event loop under every engine, so that it answers while a pool is full. Must be quick. */
  readonly inline?: boolean
  /**
   * Is for who looks after the server: it answers where the settings have that (`admin.listener`), to who has the token
   * (`admin.token`), and in the event loop as `inline` routes do.
   */
  readonly admin?: boolean
}

/** Routes by `METHOD /pattern`: literal segments, `:name`, a trailing `*`. */
export type Routes = Readonly<Record<string, Handler | RouteDefinition>>

/** What all plugins are given alike when they start. */
export interface SharedContext {
  readonly log: EventLog
  readonly files: Files
  readonly metrics: ServiceMetrics
  /** Of this process. */
  readonly phase: () => Phase
  /** Why the service wants no new requests, such as `draining`; `null` when it does. */
  readonly unready: () => string | null
  /** Number of the handler thread that the plugin was loaded in, from 1; 0 is the event loop. */
  readonly thread: number
}

/** What one plugin is given when it starts, once in each thread that it is loaded in. */
export interface PluginContext extends SharedContext {
  /** The section of the configuration that has the plugin's name; empty where there is none. */
  readonly settings: Readonly<Record<string, unknown>>
}

/** A plugin, as its module exports it by default. */
export interface Plugin {
  readonly name: string
  /** The routes, or a function that makes them when the plugin has started. */
  readonly routes: Routes | ((context: PluginContext) => Routes)
  /** Before the server listens, once in each thread. An error stops the start and names the plugin. */
  start?(context: PluginContext): void | Promise<void>
  /** After the last request, once in each thread. */
  stop?(): void | Promise<void>
}
