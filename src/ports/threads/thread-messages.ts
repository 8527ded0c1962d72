/**
 * What crosses between the main thread and a handler thread: batches of tuples, each led by its kind. Tuples of plain
 * values are what the platform copies at the least cost.
 *
 * `request` is the number of a request in its thread, which tells its slot among the thread's claims.
 */
import type { SerializedError, PlainValue } from '../../domain/threadpool/serialized-error.js'
import type { Phase } from '../../domain/lifecycle/drain.js'
import type { MetricsSnapshot, WorkerSnapshot } from '../operations/metrics.js'
import type { Settings } from '../operations/settings.js'
import type { SpanFields } from '../serving/tracing.js'
import type { Security } from '../serving/transport.js'

/** What a thread is started with. */
export interface ThreadSeed {
  /** Its number, from 1. */
  readonly thread: number
  /** `METHOD /pattern` of each route, by the index that requests name it by. */
  readonly routes: readonly string[]
  /** The memory of its claims. */
  readonly claims: SharedArrayBuffer
  /** The memory of the ring in which it leaves short answers. */
  readonly answers: SharedArrayBuffer
}

/** What the module of a thread finds in its `workerData`. */
export interface ThreadData {
  readonly seed: ThreadSeed
  readonly settings: Settings
}

/** A field section: its text, and four offsets a line. */
export type EncodedFields = [text: string, bounds: readonly number[]]

/** `coming`: what comes is sent, up to a window ahead of the handler; `withheld`: none before the thread says `want`. */
export type ContentDelivery = 'none' | 'coming' | 'withheld'

export type RequestMessage = readonly [
  kind: 'request',
  request: number,
  route: number,
  method: string,
  target: string,
  path: string,
  query: string,
  /** Names and values in turn. */
  params: readonly string[],
  ...fields: EncodedFields,
  content: ContentDelivery,
  id: string,
  traceId: string,
  span: SpanFields | null,
  peer: string,
  tls: Security | null,
]

/** What concerns a request that was handed over. */
export type RunMessage =
  /** A piece of a request's content. */
  | readonly [kind: 'content', request: number, octets: Uint8Array]
  /** A request's content is complete; with its trailers. */
  | readonly [kind: 'content-end', request: number, ...trailers: EncodedFields]
  | readonly [kind: 'content-failed', request: number, error: SerializedError]
  /** Nobody waits for the answer any more; `overdue`: since it came too late. To be answered by `over`. */
  | readonly [kind: 'abort', request: number, error: SerializedError, overdue: boolean]
  /** The content of the response is wanted from now on, up to a window. */
  | readonly [kind: 'want', request: number]
  /** Pieces of the response's content have been consumed: so much credit for them is given back. */
  | readonly [kind: 'consumed', request: number, credit: number]
  /** No more of the response's content is wanted. To be answered by `over`. */
  | readonly [kind: 'cancel', request: number]

/** What concerns no single request. */
export type ControlMessage =
  | readonly [kind: 'state', phase: Phase, unready: string | null]
  /** To be answered by `here`. */
  | readonly [kind: 'probe']
  /** So many log lines have been taken. */
  | readonly [kind: 'logged', lines: number]
  | readonly [kind: 'snapshot', snapshot: MetricsSnapshot]
  | readonly [kind: 'per-worker', snapshots: readonly WorkerSnapshot[]]
  | readonly [kind: 'unanswered', question: Question, error: SerializedError]
  /** The plugins are to be stopped. To be answered by `stopped`. */
  | readonly [kind: 'stop']

export type ToThread = RequestMessage | RunMessage | ControlMessage

/** What a thread asks the main thread, by the answer it gets. */
export type Question = 'snapshot' | 'per-worker'

/** A file is described, and opened by the main thread. */
export type FileMessage = readonly [kind: 'file', path: string, root: string | null, precompressed: boolean]

/** What concerns a request that is not over in the thread. */
export type RunUpdate =
  | FinalUpdate
  /** The handler only waits for something now. */
  | readonly [kind: 'waits', request: number]
  /** The handler waits for content of the request: told each time it does. */
  | readonly [kind: 'want', request: number]
  /** Pieces of the request's content have been consumed: so much credit for them is given back. */
  | readonly [kind: 'consumed', request: number, credit: number]
  /** An answer whose content will come in pieces when it is wanted; its fields as on the wire. */
  | readonly [kind: 'stream', request: number, status: number, fields: string, length: number | null]
  | readonly [kind: 'piece', request: number, octets: Uint8Array]

/** With which a request is over in the thread, which it never blocked for longer than the cost, in milliseconds. */
export type FinalUpdate =
  /** The answer is a bare text. */
  | readonly [kind: 'text', request: number, costMs: number, text: string]
  | ResponseUpdate
  /** The content of the response is complete. */
  | readonly [kind: 'end', request: number, costMs: number]
  /** The handler threw, or its stream did. */
  | readonly [kind: 'failed', request: number, costMs: number, error: SerializedError]
  /** An abort or a cancel has been heard. */
  | readonly [kind: 'over', request: number, costMs: number]

/** An answer whose content is at hand; its fields as on the wire. */
export type ResponseUpdate = readonly [
  kind: 'answer',
  request: number,
  costMs: number,
  status: number,
  fields: string,
  content: string | Uint8Array | FileMessage | null,
]

/** What concerns no request, to be passed on. */
export type ThreadReport =
  | readonly [kind: 'log', level: LogLevel, event: string, facts: SerializedFacts]
  | readonly [kind: 'ask', question: Question]
  /** It has taken more memory than it may, so many octets. */
  | readonly [kind: 'memory', octets: number]

export type FromThread =
  | RunUpdate
  | ThreadReport
  | readonly [kind: 'ready']
  /** It could not start, for this reason. */
  | readonly [kind: 'refused', reason: string]
  /** There are answers in the ring. */
  | readonly [kind: 'answers']
  | readonly [kind: 'here']
  | readonly [kind: 'stopped']

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

/** The facts of an event: plain ones as they are, errors to be revived, all else as JSON. */
export type SerializedFact = PlainValue | { readonly error: SerializedError } | { readonly json: string }

export type SerializedFacts = Readonly<Record<string, SerializedFact>>
