import { reasonPhrase } from '../message/status.js'
import { flat } from '../octets/flat-string.js'

/** The interim response that asks for the content (RFC 9110 §15.2.1). */
export const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
/** The chunk of size 0 that ends chunked content, with empty trailers (RFC 9112 §7.1). */
export const LAST_CHUNK = '0\r\n\r\n'
/** The line end after the data of each chunk. */
export const CHUNK_END = '\r\n'

/**
 * How the recipient finds the end of a response's content (RFC 9112 §6.3): there is no content, its length is declared,
 * it is chunked, or it lasts until the connection closes.
 */
export type ResponseFraming = 'none' | 'length' | 'chunked' | 'close'

const STATUS_LINES: readonly string[] = Array.from({ length: 600 }, (_, status) =>
  flat(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`),
)

/**
 * Writes the head of a response, as latin1 text. The version is always HTTP/1.1, since it states what the server is
 * capable of, whatever version the request had (RFC 9110 §2.5).
 *
 * @param status 200 to 599
 * @param preamble the lines that every response carries, each ended by CRLF
 * @param persistence the `Connection` and `Keep-Alive` lines
 * @param fields the lines of this response, each ended by CRLF
 * @param framing the `Content-Length` or `Transfer-Encoding` line, or `''`
 */
export function writeHead(
  status: number,
  preamble: string,
  persistence: string,
  fields: string,
  framing: string,
): string {
  return STATUS_LINES[status]! + preamble + persistence + fields + framing + '\r\n'
}

/** The line that precedes the data of a chunk: its size (RFC 9112 §7.1). */
export function chunkLine(octets: number): string {
  return octets.toString(16) + '\r\n'
}
