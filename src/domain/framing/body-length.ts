import type { FieldSection } from '../message/field-section.js'
import { ProtocolError } from '../message/protocol-error.js'
import { isToken, partsOf } from '../octets/grammar.js'

/**
 * Decides where the body of a request ends (RFC 9112 §6.3).
 *
 * @param fields the complete header section
 * @param minor the minor version of the message
 * @returns octets of content, or `'chunked'` when only decoding can tell
 * @throws {ProtocolError} 400 when the fields allow two readings, 501 for a transfer coding other than chunked
 */
export function bodyLength(fields: FieldSection, minor: number): number | 'chunked' {
  const hasLength = fields.has('content-length')
  if (fields.has('transfer-encoding')) {
    // "A server MAY reject a request that contains both" (§6.1): request smuggling lives on the two readings.
    if (hasLength)
      throw new ProtocolError(
        400,
        'length-and-coding',
        'Cannot frame a body: found Content-Length and Transfer-Encoding',
      )
    return transferCoding(fields.getAll('transfer-encoding'), minor)
  }
  return hasLength ? contentLength(fields.getAll('content-length')) : 0
}

function contentLength(values: readonly string[]): number {
  if (values.length > 1)
    throw new ProtocolError(400, 'length-repeated', 'Cannot frame a body: found several Content-Length lines')
  const length = decimal(values[0]!)
  if (length === -1)
    throw new ProtocolError(
      400,
      'length-syntax',
      'Cannot read Content-Length: wanted decimal digits worth at most 2^53-1',
    )
  return length
}

/** Reads 1*DIGIT; -1 for anything else, and above 2^53-1. JavaScript's own number parsers all accept more than that. */
function decimal(text: string): number {
  if (text === '') return -1
  let value = 0
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
    if (value > Number.MAX_SAFE_INTEGER) return -1
  }
  return value
}

function transferCoding(values: readonly string[], minor: number): 'chunked' {
  if (minor === 0)
    throw new ProtocolError(400, 'coding-1.0', 'Cannot frame a body: found Transfer-Encoding in HTTP/1.0')
  if (values.length > 1)
    throw new ProtocolError(400, 'coding-repeated', 'Cannot frame a body: found several Transfer-Encoding lines')
  const codings = partsOf(values[0]!.toLowerCase(), ',')
  if (!codings.every(isToken) || codings.at(-1) !== 'chunked') {
    throw new ProtocolError(400, 'coding-last', 'Cannot frame a body: wanted transfer codings that end in chunked')
  }
  if (codings.indexOf('chunked') < codings.length - 1) {
    throw new ProtocolError(400, 'coding-repeated', 'Cannot frame a body: found chunked more than once')
  }
  if (codings.length > 1)
    throw new ProtocolError(501, 'coding-unknown', 'Cannot decode a transfer coding other than chunked')
  return 'chunked'
}
