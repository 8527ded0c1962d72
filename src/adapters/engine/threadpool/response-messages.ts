import { ResponseFields, type FieldLine } from '../../../domain/message/response-fields.js'
import { Response } from '../../../domain/message/response.js'
import type { FileMessage } from '../../../ports/threads/thread-messages.js'

/** The size of the cache of field sections. Most responses of a server have one of a few. */
const MAX_CACHED = 256

const cache = new Map<string, ResponseFields>()

/**
 * Parses the fields of a response that a handler thread has sent.
 *
 * @param wire field lines, each ended by CRLF
 * @throws {TypeError} for fields that no response may have; a handler can set these without the response makers
 */
export function fieldsOf(wire: string): ResponseFields {
  const known = cache.get(wire)
  if (known !== undefined) return known
  const fields = new ResponseFields(wire.split('\r\n').slice(0, -1).map(lineOf))
  if (cache.size >= MAX_CACHED) cache.clear()
  cache.set(wire, fields)
  return fields
}

function lineOf(line: string): FieldLine {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 2)]
}

/**
 * Makes the response that a handler thread has sent.
 *
 * @param wire its fields, as for `fieldsOf`
 * @throws {TypeError} for fields that no response may have
 */
export function responseWith(
  status: number,
  wire: string,
  content: string | Uint8Array | FileMessage | null,
): Response {
  if (content === null || typeof content === 'string' || content instanceof Uint8Array) {
    return new Response(status, fieldsOf(wire), content)
  }
  const [kind, path, root, precompressed] = content
  return new Response(status, fieldsOf(wire), { kind, path, root, precompressed })
}
