import { reasonPhrase } from '../message/status.js'
import { flat } from '../octets/flat-string.js'

export const CONTINUE = 'HTTP/1.1 100 Continue\r\n\r\n'
export const LAST_CHUNK = '0\r\n\r\n'
export const CHUNK_END = '\r\n'

/** How the end of a response's content is told (RFC 9112 §6.3): none is sent, by its length, by chunks, by the connection's end. */
export type ResponseFraming = 'none' | 'length' | 'chunked' | 'close'

const STATUS_LINES: readonly string[] = Array.from({ length: 600 }, (_, status) =>
  flat(`HTTP/1.1 ${status} ${reasonPhrase(status)}\r\n`),
)

/**
 * Writes the head of a response, as latin1 text. We say HTTP/1.1 to everyone: the version is that of the server, not of
 * the message's use (RFC 9110 §2.5).
 *
 * @param status 200 to 599
 * @param preamble the fields that every response carries, each ended by CRLF
 * @param persistence the `Connection` and `Keep-Alive` lines
 * @param fields the lines of this response, each ended by CRLF
 * @param framing the `Content-Length` or `Transfer-Encoding` line, `''` without any
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

/** The line before the data of a chunk. */
export function chunkLine(octets: number): string {
  return octets.toString(16) + '\r\n'
}
