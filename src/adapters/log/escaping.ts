/** Characters that need an escape between quotes: all but visible ASCII and space, and also `"` and `\`. */
const UNSAFE_IN_QUOTES = /[^ !#-[\]-~]/
const UNSAFE_BARE = /[^!#-[\]-~]/
const NOT_ASCII = /[^ -~]/g

/**
 * Escapes a text for use between double quotes, in JSON and in plain lines. The result is one line of visible ASCII. A
 * text without anything to escape, as nearly all texts are, is returned unchanged.
 */
export function escaped(text: string): string {
  return UNSAFE_IN_QUOTES.test(text) ? JSON.stringify(text).slice(1, -1).replace(NOT_ASCII, unicodeEscape) : text
}

/** Formats a text as one word of a plain line. It is quoted where a reader could not tell where it ends. */
export function word(text: string): string {
  return text === '' || UNSAFE_BARE.test(text) ? `"${escaped(text)}"` : text
}

/** Returns the JSON escape of one UTF-16 code unit. */
export function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
