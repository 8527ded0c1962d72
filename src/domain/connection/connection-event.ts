import type { ProtocolError } from '../message/protocol-error.js'
import type { RequestHead } from '../message/request-head.js'

/** No further event until more octets are received. */
export const NEED_MORE = Symbol('need more')
/** The request is read; the next one is not read before the current response is finished. */
export const PAUSED = Symbol('paused')
/** The content of the request is complete, and its trailers are known. */
export const END_OF_CONTENT = Symbol('end of content')
/** No further request will be read from this connection. */
export const CLOSED = Symbol('closed')

/** An event without data of its own. */
export type ConnectionSignal = typeof NEED_MORE | typeof PAUSED | typeof END_OF_CONTENT | typeof CLOSED

/**
 * What `Connection.next` returns: a request (`END_OF_CONTENT` follows it, unless its length is 0), a piece of its content,
 * a signal, or the reason why the received octets were refused.
 */
export type ConnectionEvent = RequestHead | Buffer | ProtocolError | ConnectionSignal
