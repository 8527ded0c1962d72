import { ResponseFields, type FieldLine } from '../../../domain/message/response-fields.js'
import { Response } from '../../../domain/message/response.js'
import type { FileMessage } from '../../../ports/threads/thread-messages.js'

/** Sections that are remembered: a server answers with the same few again and again. */
const MOST_REMEMBERED = 256

const remembered = new Map<string, ResponseFields>()

/**
 * The fields of a response as a thread wrote them.
 *
 * @param wire each line ended by CRLF
 * @throws {TypeError} for fields that no response may have: somebody wrote them by hand
 */
export function fieldsOf(wire: string): ResponseFields {
  const known = remembered.get(wire)
  if (known !== undefined) return known
  const fields = new ResponseFields(wire.split('\r\n').slice(0, -1).map(lineOf))
  if (remembered.size >= MOST_REMEMBERED) remembered.clear()
  remembered.set(wire, fields)
  return fields
}

function lineOf(line: string): FieldLine {
  const colon = line.indexOf(':')
  return [line.slice(0, colon), line.slice(colon + 2)]
}

/** @throws {TypeError} as `fieldsOf` does */
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
