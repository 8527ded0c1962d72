/**
 * The grammar that field values share (RFC 9110 §5.6): white space, tokens, quoted strings, lists. Each function takes
 * latin1 text and looks at each octet once: a regular expression that trims takes quadratic time over a long run of
 * spaces, and the text comes from the peer.
 */
import { HTAB, IS_FIELD_VALUE, IS_TOKEN, SP } from './octet-classes.js'

const DQUOTE = 0x22
const BACKSLASH = 0x5c

/** Whether an octet is optional white space (§5.6.3): SP or HTAB. NBSP, which `trim` would remove, is obs-text. */
export function isWhiteSpace(octet: number): boolean {
  return octet === SP || octet === HTAB
}

/** Removes the white space around a text. */
export function withoutWhiteSpace(text: string): string {
  return trimmed(text, 0, text.length)
}

/** Whether a text is a token (§5.6.2): one or more `tchar`. */
export function isToken(text: string): boolean {
  return text !== '' && isAll(text, IS_TOKEN)
}

/** Whether a text consists of field value octets (§5.5); it may be empty. */
export function isFieldValue(text: string): boolean {
  return isAll(text, IS_FIELD_VALUE)
}

/** Whether a text is one quoted string (§5.6.4), its quotes included. */
export function isQuotedString(text: string): boolean {
  const last = text.length - 1
  if (last < 1 || text.charCodeAt(0) !== DQUOTE || text.charCodeAt(last) !== DQUOTE) return false
  let at = 1
  for (; at < last; at++) {
    const octet = text.charCodeAt(at)
    if (octet === DQUOTE || IS_FIELD_VALUE[octet] !== 1) return false
    if (octet === BACKSLASH && IS_FIELD_VALUE[text.charCodeAt(++at)] !== 1) return false
  }
  // A backslash before the last quote escapes it, so that no quote ends the string.
  return at === last
}

/**
 * The members of a list (§5.6.1), without the white space around them and without empty members. A comma in a quoted
 * string does not separate members.
 *
 * @param hasQuotedPairs as for `partsOf`
 */
export function listMembers(text: string, hasQuotedPairs = true): string[] {
  return partsOf(text, ',', hasQuotedPairs).filter((member) => member !== '')
}

/**
 * Splits a text at each separator outside quoted strings, and removes the white space around the parts. A quoted string
 * without its closing quote extends to the end of the text.
 *
 * @param hasQuotedPairs whether a backslash in quotes escapes the next character (§5.6.4); false for entity tags
 */
export function partsOf(text: string, separator: ',' | ';', hasQuotedPairs = true): string[] {
  const parts: string[] = []
  const separatorOctet = separator.charCodeAt(0)
  let from = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const octet = text.charCodeAt(at)
    if (octet === DQUOTE) quoted = !quoted
    else if (octet === BACKSLASH && quoted && hasQuotedPairs) at++
    else if (octet === separatorOctet && !quoted) {
      parts.push(trimmed(text, from, at))
      from = at + 1
    }
  }
  parts.push(trimmed(text, from, text.length))
  return parts
}

function trimmed(text: string, from: number, to: number): string {
  while (from < to && isWhiteSpace(text.charCodeAt(from))) from++
  while (from < to && isWhiteSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

function isAll(text: string, octetClass: Uint8Array): boolean {
  for (let at = 0; at < text.length; at++) if (octetClass[text.charCodeAt(at)] !== 1) return false
  return true
}
