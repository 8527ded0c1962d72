import { isQuotedString, isToken, partsOf, withoutWhiteSpace } from '../octets/grammar.js'

/**
 * Whether browsers accept a text as a `Strict-Transport-Security` value (RFC 6797 §6.1): directives separated by
 * semicolons, none of them twice, with `max-age` in seconds among them. Browsers ignore any other value silently.
 */
export function isStrictTransportSecurity(text: string): boolean {
  const values = new Map<string, string | null>()
  for (const part of partsOf(text, ';')) {
    if (part === '') continue
    const { name, value } = directiveOf(part)
    const isWellFormed = isToken(name) && (value === null || isToken(value) || isQuotedString(value))
    if (!isWellFormed || values.has(name)) return false
    values.set(name, value)
  }
  return /^("?)\d+\1$/.test(values.get('max-age') ?? '') && (values.get('includesubdomains') ?? null) === null
}

function directiveOf(part: string): { readonly name: string; readonly value: string | null } {
  const equals = part.indexOf('=')
  if (equals === -1) return { name: part.toLowerCase(), value: null }
  const name = withoutWhiteSpace(part.slice(0, equals)).toLowerCase()
  return { name, value: withoutWhiteSpace(part.slice(equals + 1)) }
}
