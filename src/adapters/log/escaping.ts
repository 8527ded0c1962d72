/** Anything but visible ASCII and space, and what ends or escapes within quotes. */
const UNSAFE_IN_QUOTES = /[^ !#-[\]-~]/
const UNSAFE_BARE = /[^!#-[\]-~]/
const NOT_ASCII = /[^ -~]/g

/**
 * Text as it may stand between double quotes, in JSON and in plain lines alike: one line of visible ASCII, whatever
 * the text holds. Text without anything to escape, which is nearly all, is returned as it is.
 */
export function escaped(text: string): string {
  return UNSAFE_IN_QUOTES.test(text) ? JSON.stringify(text).slice(1, -1).replace(NOT_ASCII, unicodeEscape) : text
}

/** One word of a plain line: as it is where nothing in it could pass for the end of the word, else in quotes. */
export function word(text: string): string {
  return text === '' || UNSAFE_BARE.test(text) ? `"${escaped(text)}"` : text
}

/** The JSON escape of one UTF-16 code unit. */
export function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`
}
