import { NO_RESPONSE_FIELDS, ResponseFields, type FieldLine, type FieldsInit } from './response-fields.js'
import { Response, type FileReference, type ResponseContent, type StreamedContent } from './response.js'

/** The options of every maker. */
export interface ResponseInit {
  /** From 200 to 599; 200 by default. */
  readonly status?: number
  /** Fields of the response. They replace the maker's own `Content-Type`. */
  readonly headers?: FieldsInit
}

const TEXT: FieldLine[] = [['Content-Type', 'text/plain; charset=utf-8']]
const HTML: FieldLine[] = [['Content-Type', 'text/html; charset=utf-8']]
const JSON_TYPE: FieldLine[] = [['Content-Type', 'application/json']]
const TEXT_FIELDS = new ResponseFields(TEXT)
const HTML_FIELDS = new ResponseFields(HTML)
const JSON_FIELDS = new ResponseFields(JSON_TYPE)

/** Makes a response of plain text, sent as UTF-8. */
export function text(content: string, init?: ResponseInit): Response<string> {
  return init === undefined ? new Response(200, TEXT_FIELDS, content) : make(content, init, TEXT)
}

/** Makes a response of an HTML page, sent as UTF-8. */
export function html(content: string, init?: ResponseInit): Response<string> {
  return init === undefined ? new Response(200, HTML_FIELDS, content) : make(content, init, HTML)
}

/**
 * Makes a response of a value, sent as JSON.
 *
 * @throws {TypeError} for a value that JSON cannot represent, such as `undefined` or a function
 */
export function json(value: unknown, init?: ResponseInit): Response<string> {
  const content = JSON.stringify(value) as string | undefined
  if (content === undefined)
    throw new TypeError(`json() cannot represent ${typeof value}. Pass a value that JSON has, or return empty()`)
  return init === undefined ? new Response(200, JSON_FIELDS, content) : make(content, init, JSON_TYPE)
}

/**
 * Makes a response of octets, sent unchanged.
 *
 * @param type the media type; without one here or in the headers it is `application/octet-stream`
 */
export function bytes(
  content: Uint8Array | ArrayBuffer,
  type?: string | null,
  init: ResponseInit = {},
): Response<Uint8Array> {
  const octets = content instanceof ArrayBuffer ? new Uint8Array(content) : content
  return make(octets, init, [['Content-Type', type ?? 'application/octet-stream']])
}

/** The options of `stream()`. */
export interface StreamInit extends ResponseInit {
  /** The media type; without one here or in the headers it is `application/octet-stream`. */
  readonly type?: string | null
  /** The length in octets, sent as `Content-Length`. A stream that ends earlier or later cuts the connection. */
  readonly length?: number
}

/**
 * Makes a response of pieces. Each piece is sent when it is yielded, as fast as the peer reads: chunked for HTTP/1.1,
 * up to the end of the connection for HTTP/1.0.
 *
 * A stream that throws cuts the connection, so that the peer cannot take a part for the whole.
 *
 * @throws {RangeError} for a length that is not a whole number from 0
 */
export function stream(pieces: StreamedContent['pieces'], init: StreamInit = {}): Response<StreamedContent> {
  const { length = null } = init
  if (length !== null && !(Number.isSafeInteger(length) && length >= 0)) {
    throw new RangeError(`stream() got the length ${length}. Pass a whole number from 0, or no length`)
  }
  const content: StreamedContent = { kind: 'stream', pieces, length }
  return make(content, init, [['Content-Type', init.type ?? 'application/octet-stream']])
}

/** The options of `file()`. */
export interface FileInit extends ResponseInit {
  /**
   * The folder that the path is relative to, and that it cannot leave by any encoding or link. Always set it when the
   * path comes from the peer.
   */
  readonly root?: string
  /** Whether the files with `.br` and `.gz` appended may be sent instead, to peers that accept them; `false` by default. */
  readonly precompressed?: boolean
}

/**
 * Makes a response of a file. The server adds the validators, and answers conditional requests and ranges; without such
 * a regular file it answers 404. The media type follows from the extension of the name, unless the headers give one.
 */
export function file(path: string, init: FileInit = {}): Response<FileReference> {
  const { root = null, precompressed = false } = init
  return make({ kind: 'file', path, root, precompressed }, init, [])
}

/**
 * Checks and serializes fields once, for the `headers` of many responses.
 *
 * @throws {TypeError} for a name or value that cannot be sent, or a field that belongs to the server
 */
export function fields(init: FieldsInit): ResponseFields {
  return ResponseFields.from(init)
}

/**
 * Makes a redirect. Characters that cannot occur in a URI are percent-encoded.
 *
 * @param status from 300 to 399
 * @throws {RangeError} for any other status
 */
export function redirect(location: string, status = 302): Response<null> {
  if (status < 300 || status > 399)
    throw new RangeError(`redirect() got the status ${status}. Use a status from 300 to 399`)
  return make(null, { status }, [['Location', encodeURI(location).replaceAll('%25', '%')]])
}

/** Makes a response without content. Its status is 204 unless another one is given. */
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
    throw new RangeError(`Cannot make a response with status ${status}. Use a status from 200 to 599`)
  }
  const given = init.headers === undefined ? NO_RESPONSE_FIELDS : ResponseFields.from(init.headers)
  return new Response(status, given.withDefaults(defaults), content)
}
