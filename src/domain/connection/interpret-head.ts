import { bodyLength } from '../framing/body-length.js'
import type { RawHead } from '../framing/head-reader.js'
import type { Limits } from '../framing/limits.js'
import type { FieldSection } from '../message/field-section.js'
import { ProtocolError } from '../message/protocol-error.js'
import type { RequestHead } from '../message/request-head.js'
import { parseTarget } from '../message/target.js'
import type { ConnectionRules } from './connection-rules.js'
import { expectsContinue } from './expectation.js'
import { persists } from './persistence.js'

/** The rules by which a head is judged. */
export type HeadRules = Pick<ConnectionRules, 'limits' | 'methods' | 'secure' | 'expectContinue'>

/**
 * Checks a head that was read, and works out what it means: the host and path it is for, the length of its content,
 * whether the peer waits for `100 Continue`, and whether it wants to keep the connection (RFC 9112 §3 to §9).
 *
 * @throws {ProtocolError} 400 for a broken target, host or length, 413 for too much content, 417 for an unknown
 *   expectation, 421 for a target of another scheme, 501 for an unknown method or transfer coding
 */
export function interpretHead(raw: RawHead, rules: HeadRules): RequestHead {
  const { method, fields, minor } = raw
  if (!rules.methods.has(method))
    throw new ProtocolError(501, 'method-unknown', 'Cannot serve a method that no route knows')
  const target = parseTarget(method, raw.target, hostOf(fields, minor), rules.secure)
  const length = bodyLength(fields, minor)
  checkLength(length, raw.length, rules.limits)
  return {
    method,
    target: raw.target,
    path: target.path,
    query: target.query,
    authority: target.authority,
    minor,
    fields,
    length,
    expectsContinue: expectsContinue(fields, minor, length !== 0) && rules.expectContinue,
    persists: persists(fields, minor),
  }
}

function hostOf(fields: FieldSection, minor: number): string | null {
  const host = fields.get('host')
  // "A server MUST respond with a 400 to any HTTP/1.1 request message that lacks a Host header field" (RFC 9112 §3.2).
  if (host === null && minor === 1)
    throw new ProtocolError(400, 'host', 'Cannot serve an HTTP/1.1 request without Host')
  return host
}

function checkLength(length: number | 'chunked', headLength: number, limits: Limits): void {
  if (length === 'chunked') return
  const { contentOctets, requestOctets } = limits
  if (length > contentOctets || headLength + length > requestOctets) {
    throw new ProtocolError(
      413,
      'content-too-large',
      `Cannot take content of ${length} octets: wanted at most ${contentOctets}`,
    )
  }
}
