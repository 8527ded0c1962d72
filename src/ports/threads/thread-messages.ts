/**
 * The messages between the main thread and a handler thread. They are sent in batches, each message a tuple that begins
 * with its kind: tuples of plain values are the cheapest for the platform to copy.
 *
 * `request` is the number of a request in its thread; the request's slot follows from it (see `Claims`).
 */
import type { SerializedError, PlainValue } from '../../domain/threadpool/serialized-error.js'
import type { Phase } from '../../domain/lifecycle/drain.js'
import type { MetricsSnapshot, WorkerSnapshot } from '../operations/metrics.js'
import type { Settings } from '../operations/settings.js'
import type { SpanFields } from '../serving/tracing.js'
import type { Security } from '../serving/transport.js'

/** Number, routes and shared memory of a new thread. */
export interface ThreadSetup {
  /** Its number, from 1. */
  readonly thread: number
  /** The routes as `METHOD /pattern`; a request message contains the index of its route. */
  readonly routes: readonly string[]
  /** The memory of the thread's `Claims`. */
  readonly claims: SharedArrayBuffer
  /** The memory of the thread's `AnswerRing`. */
  readonly answers: SharedArrayBuffer
}

/** The `workerData` of a handler thread. */
export interface ThreadData {
  readonly setup: ThreadSetup
  readonly settings: Settings
}

/** A field section: its text, and four offsets into it for each field line. */
export type EncodedFields = [text: string, bounds: readonly number[]]

/**
 * When the content of a request is sent to the thread. `eager`: from the start, up to a window ahead of the handler;
 * `on-demand`: once the thread has sent `pull`.
 */
export type ContentDelivery = 'none' | 'eager' | 'on-demand'

/** A request that is assigned to the thread. */
export type RequestMessage = readonly [
  kind: 'request',
  request: number,
  route: number,
  method: string,
  target: string,
  path: string,
  query: string,
  /** Names and values, alternating. */
  params: readonly string[],
  ...fields: EncodedFields,
  content: ContentDelivery,
  id: string,
  traceId: string,
  span: SpanFields | null,
  peer: string,
  tls: Security | null,
]

/** Messages about a request that was assigned to the thread. */
export type RunMessage =
  /** A piece of the request's content. */
  | readonly [kind: 'content', request: number, octets: Uint8Array]
  /** The request's content is complete; with its trailers. */
  | readonly [kind: 'content-end', request: number, ...trailers: EncodedFields]
  | readonly [kind: 'content-failed', request: number, error: SerializedError]
  /** The response is no longer wanted; `overdue`: because the handler took too long. The thread replies with `cancelled`. */
  | readonly [kind: 'abort', request: number, error: SerializedError, overdue: boolean]
  /** The thread may send the response's content from now on, up to a window. */
  | readonly [kind: 'pull', request: number]
  /** Returns the credit for pieces of the response's content that were consumed. */
  | readonly [kind: 'credit', request: number, credit: number]
  /** The rest of the response's content is no longer wanted. The thread replies with `cancelled`. */
  | readonly [kind: 'cancel', request: number]

/** Messages that are not about a single request. */
export type ControlMessage =
  /** The state of the service, for the context of plugins. */
  | readonly [kind: 'state', phase: Phase, unready: string | null]
  /** Asks for a sign of life. The thread replies with `alive`. */
  | readonly [kind: 'probe']
  /** This number of log lines has arrived. */
  | readonly [kind: 'logged', lines: number]
  /** The replies to `ask`. */
  | readonly [kind: 'snapshot', snapshot: MetricsSnapshot]
  | readonly [kind: 'per-worker', snapshots: readonly WorkerSnapshot[]]
  | readonly [kind: 'ask-failed', question: Question, error: SerializedError]
  /** Stop the plugins. The thread replies with `stopped`. */
  | readonly [kind: 'stop']

/** Any message to a handler thread. */
export type ToThread = RequestMessage | RunMessage | ControlMessage

/** The questions that a thread can ask the main thread. Each is also the kind of the reply. */
export type Question = 'snapshot' | 'per-worker'

/** The description of a file, which the main thread opens. */
export type FileMessage = readonly [kind: 'file', path: string, root: string | null, precompressed: boolean]

/** Messages about a request that the thread has begun. */
export type RunUpdate =
  | FinalUpdate
  /** The handler has returned a promise: the event loop is free for other requests. */
  | readonly [kind: 'yielded', request: number]
  /** The handler waits for content of the request; sent each time it does. */
  | readonly [kind: 'pull', request: number]
  /** Returns the credit for pieces of the request's content that were consumed. */
  | readonly [kind: 'credit', request: number, credit: number]
  /** A response whose content is sent in pieces after `pull`; its fields as on the wire. */
  | readonly [kind: 'stream', request: number, status: number, fields: string, length: number | null]
  | readonly [kind: 'piece', request: number, octets: Uint8Array]

/** The last message about a request. `costMs` is the longest time for which the request blocked its thread. */
export type FinalUpdate =
  /** The answer is a bare string. */
  | readonly [kind: 'text', request: number, costMs: number, text: string]
  | ResponseUpdate
  /** The content of the response is complete. */
  | readonly [kind: 'end', request: number, costMs: number]
  /** The handler threw, or the stream of its response did. */
  | readonly [kind: 'failed', request: number, costMs: number, error: SerializedError]
  /** The reply to `abort` and `cancel`. */
  | readonly [kind: 'cancelled', request: number, costMs: number]

/** A response with its whole content; its fields as on the wire. */
export type ResponseUpdate = readonly [
  kind: 'response',
  request: number,
  costMs: number,
  status: number,
  fields: string,
  content: string | Uint8Array | FileMessage | null,
]

/** Messages about the thread or its plugins, which the main thread logs, answers or acts on. */
export type ThreadReport =
  | readonly [kind: 'log', level: LogLevel, event: string, facts: SerializedFacts]
  | readonly [kind: 'ask', question: Question]
  /** The thread uses this much memory, which is more than it may. */
  | readonly [kind: 'memory', bytes: number]

/** Any message from a handler thread. */
export type FromThread =
  | RunUpdate
  | ThreadReport
  | readonly [kind: 'ready']
  /** The thread could not start. */
  | readonly [kind: 'start-failed', reason: string]
  /** The ring contains answers. */
  | readonly [kind: 'answers']
  /** The reply to `probe`. */
  | readonly [kind: 'alive']
  /** The reply to `stop`. */
  | readonly [kind: 'stopped']

/** The level of a log line; the name of the log's method for it. */
export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** A fact of a log event: unchanged if it is plain, an error in its serialized form, any other value as JSON. */
export type SerializedFact = PlainValue | { readonly error: SerializedError } | { readonly json: string }

/** The facts of a log event, by name. */
export type SerializedFacts = Readonly<Record<string, SerializedFact>>
