import { FieldSection, NO_FIELDS } from '../message/field-section.js'

/**
 * Fields that matter before the content is read: framing, routing, request modifiers, authentication, and descriptions
 * of the content. "A sender MUST NOT generate" them as trailers (RFC 9110 §6.5.1): a handler that used them would act
 * on values that no earlier check has seen.
 */
const NEVER_TRAILERS: ReadonlySet<string> = new Set([
  'age',
  'authorization',
  'cache-control',
  'connection',
  'content-encoding',
  'content-language',
  'content-length',
  'content-location',
  'content-range',
  'content-type',
  'cookie',
  'date',
  'expect',
  'expires',
  'forwarded',
  'host',
  'if-match',
  'if-modified-since',
  'if-none-match',
  'if-range',
  'if-unmodified-since',
  'keep-alive',
  'location',
  'max-forwards',
  'origin',
  'pragma',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'range',
  'retry-after',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'vary',
  'via',
  'warning',
  'www-authenticate',
  'x-forwarded-for',
  'x-forwarded-host',
  'x-forwarded-proto',
])

/** Drops the trailers that a handler must not see, and returns the others. */
export function permittedTrailers(section: FieldSection): FieldSection {
  if (section.size === 0) return NO_FIELDS
  return FieldSection.of([...section].filter(([name]) => !NEVER_TRAILERS.has(name)))
}
