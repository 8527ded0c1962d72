import { NO_RESPONSE_FIELDS, ResponseFields, type FieldLine, type FieldsInit } from './response-fields.js'
import { Response, type FileReference, type ResponseContent, type StreamedContent } from './response.js'

/** What every maker takes beside its content. */
export interface ResponseInit {
  /** 200 to 599; 200 unless told. */
  readonly status?: number
  readonly headers?: FieldsInit
}

const TEXT: FieldLine[] = [['Content-Type', 'text/plain; charset=utf-8']]
const HTML: FieldLine[] = [['Content-Type', 'text/html; charset=utf-8']]
const JSON_TYPE: FieldLine[] = [['Content-Type', 'application/json']]
const TEXT_FIELDS = new ResponseFields(TEXT)
const HTML_FIELDS = new ResponseFields(HTML)
const JSON_FIELDS = new ResponseFields(JSON_TYPE)

/** Plain text, as UTF-8. */
export function text(content: string, init?: ResponseInit): Response<string> {
  return init === undefined ? new Response(200, TEXT_FIELDS, content) : make(content, init, TEXT)
}

/** An HTML page, as UTF-8. */
export function html(content: string, init?: ResponseInit): Response<string> {
  return init === undefined ? new Response(200, HTML_FIELDS, content) : make(content, init, HTML)
}

/**
 * A value as JSON.
 *
 * @throws {TypeError} for a value that JSON cannot hold, `undefined` and functions among them
 */
export function json(value: unknown, init?: ResponseInit): Response<string> {
  const content = JSON.stringify(value) as string | undefined
  if (content === undefined) throw new TypeError(`Cannot answer with JSON: found ${typeof value}, wanted a JSON value`)
  return init === undefined ? new Response(200, JSON_FIELDS, content) : make(content, init, JSON_TYPE)
}

/**
 * Octets as they are.
 *
 * @param type the media type; `application/octet-stream` unless given here or in the headers
 */
export function bytes(
  content: Uint8Array | ArrayBuffer,
  type?: string | null,
  init: ResponseInit = {},
): Response<Uint8Array> {
  const octets = content instanceof ArrayBuffer ? new Uint8Array(content) : content
  return make(octets, init, [['Content-Type', type ?? 'application/octet-stream']])
}

export interface StreamInit extends ResponseInit {
  /** The media type; `application/octet-stream` unless given here or in the headers. */
  readonly type?: string | null
  /** Octets in all: sent as Content-Length, and kept to: a stream that ends early or runs over is cut. */
  readonly length?: number
}

/**
 * Content in pieces, each sent when it is yielded, as fast as the peer reads: chunked to HTTP/1.1, ended by the
 * connection's end to 1.0. A stream that throws cuts the connection, so that the peer never takes a part for the whole.
 */
export function stream(pieces: StreamedContent['pieces'], init: StreamInit = {}): Response<StreamedContent> {
  const { length = null } = init
  if (length !== null && !(Number.isSafeInteger(length) && length >= 0)) {
    throw new RangeError(`Cannot stream ${length} octets: wanted a whole number, or no length`)
  }
  const content: StreamedContent = { kind: 'stream', pieces, length }
  return make(content, init, [['Content-Type', init.type ?? 'application/octet-stream']])
}

export interface FileInit extends ResponseInit {
  /** The folder that the path must not leave, by any encoding or link; needed whenever the peer chose the path. */
  readonly root?: string
  /** Whether `.br` and `.gz` siblings may be sent in its place; no unless told. */
  readonly precompressed?: boolean
}

/**
 * A file, with its validators, conditional requests, ranges and media type; 404 when there is no such regular file.
 * The media type follows the name's extension unless the headers give one.
 */
export function file(path: string, init: FileInit = {}): Response<FileReference> {
  const { root = null, precompressed = false } = init
  return make({ kind: 'file', path, root, precompressed }, init, [])
}

/** Fields that are checked and written once, for the `headers` of many responses. */
export function fields(init: FieldsInit): ResponseFields {
  return ResponseFields.from(init)
}

/** Sends the peer elsewhere; 302 unless another 3xx is given. Characters that no URI has are percent-encoded. */
export function redirect(location: string, status = 302): Response<null> {
  if (status < 300 || status > 399) throw new RangeError(`Cannot redirect with status ${status}: wanted 300 to 399`)
  return make(null, { status }, [['Location', encodeURI(location).replaceAll('%25', '%')]])
}

/** No content; 204 unless another status is given. */
export function empty(init: ResponseInit = {}): Response<null> {
  return make(null, { status: 204, ...init }, [])
}

function make<Content extends ResponseContent>(
  content: Content,
  init: ResponseInit,
  defaults: FieldLine[],
): Response<Content> {
  const { status = 200 } = init
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`Cannot answer with status ${status}: wanted 200 to 599`)
  }
  const given = init.headers === undefined ? NO_RESPONSE_FIELDS : ResponseFields.from(init.headers)
  return new Response(status, given.withDefaults(defaults), content)
}
