import type { FieldSection } from '../message/field-section.js'
import { listMembers } from '../octets/grammar.js'

/**
 * Whether the peer wants to use the connection for another request (RFC 9112 §9.3): an HTTP/1.1 peer unless it says
 * `close`, an HTTP/1.0 peer only if it says `keep-alive`.
 */
export function persists(fields: FieldSection, minor: number): boolean {
  const connection = fields.get('connection')
  if (connection === null) return minor === 1
  const options = listMembers(connection.toLowerCase())
  return !options.includes('close') && (minor === 1 || options.includes('keep-alive'))
}
