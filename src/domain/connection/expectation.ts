import type { FieldSection } from '../message/field-section.js'
import { ProtocolError } from '../message/protocol-error.js'

/**
 * Whether the peer waits for an interim response before it sends content (RFC 9110 §10.1.1).
 *
 * @param hasContent whether content follows the head
 * @throws {ProtocolError} 417 for an expectation other than `100-continue`
 */
export function expectsContinue(fields: FieldSection, minor: number, hasContent: boolean): boolean {
  const expect = fields.get('expect')
  if (expect === null) return false
  if (expect.toLowerCase() !== '100-continue') {
    throw new ProtocolError(417, 'expectation', 'Cannot meet an expectation other than 100-continue')
  }
  // "A server that receives a 100-continue expectation in an HTTP/1.0 request MUST ignore that expectation."
  return minor === 1 && hasContent
}
