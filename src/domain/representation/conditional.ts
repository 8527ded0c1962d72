import type { FieldSection } from '../message/field-section.js'
import { parseHttpDate } from '../message/http-date.js'
import { matchesStrongly, matchesWeakly, parseEntityTags, type EntityTag } from './entity-tag.js'
import type { Validators } from './validators.js'

/** The result of the preconditions: process the request, or answer 304 (`not-modified`) or 412 (`failed`). */
export type PreconditionResult = 'proceed' | 'not-modified' | 'failed'

/**
 * Evaluates the preconditions of a request in the order of RFC 9110 §13.2.2; its last step, `If-Range`, is
 * `ifRangeHolds`. Call it only when the response would otherwise be a 2xx: a 404 stays a 404 (§13.2.1).
 *
 * @param current the validators of the selected representation, `null` when there is no representation yet
 * @param nowMs the wall clock, needed for dates with a two-digit year
 */
export function evaluatePreconditions(
  method: string,
  fields: FieldSection,
  current: Validators | null,
  nowMs: number,
): PreconditionResult {
  if (!mayProceed(fields, current, nowMs)) return 'failed'
  const isRead = method === 'GET' || method === 'HEAD'
  const ifNoneMatch = fields.get('if-none-match')
  if (ifNoneMatch !== null) {
    if (!isListed(ifNoneMatch, current, matchesWeakly)) return 'proceed'
    return isRead ? 'not-modified' : 'failed'
  }
  return isRead && isUnmodified('if-modified-since', fields, current, nowMs) === true ? 'not-modified' : 'proceed'
}

/**
 * Whether `If-Range` lets a `Range` apply (RFC 9110 §13.1.5): without the field, or when the representation is
 * certainly the one of which the peer has a part.
 *
 * @param nowMs the wall clock: a date is a strong validator only after its second is over, since the representation can
 *   change more than once in a second (§8.8.2.2)
 */
export function ifRangeHolds(fields: FieldSection, current: Validators, nowMs: number): boolean {
  const validator = fields.get('if-range')
  if (validator === null) return true
  if (validator.includes('"')) return matchesStrongly(validator, current.etag)
  const isStrong = current.lastModifiedMs + 1000 <= nowMs
  return isStrong && parseHttpDate(validator, nowMs) === current.lastModifiedMs
}

/** Steps 1 and 2: `If-Match`, or `If-Unmodified-Since` when there is no `If-Match`. */
function mayProceed(fields: FieldSection, current: Validators | null, nowMs: number): boolean {
  const ifMatch = fields.get('if-match')
  if (ifMatch !== null) return isListed(ifMatch, current, matchesStrongly)
  return isUnmodified('if-unmodified-since', fields, current, nowMs) !== false
}

function isListed(text: string, current: Validators | null, matches: (a: EntityTag, b: EntityTag) => boolean): boolean {
  if (current === null) return false
  const listed = parseEntityTags(text)
  return listed === '*' || listed.some((tag) => matches(tag, current.etag))
}

/** `null` when the precondition does not apply: there is no such field, no valid date in it, or no representation. */
function isUnmodified(name: string, fields: FieldSection, current: Validators | null, nowMs: number): boolean | null {
  const text = fields.get(name)
  const since = text === null ? null : parseHttpDate(text, nowMs)
  return since === null || current === null ? null : current.lastModifiedMs <= since
}
