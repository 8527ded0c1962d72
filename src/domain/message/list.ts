const SP = 0x20
const HTAB = 0x09

const isWhiteSpace = (code: number): boolean => code === SP || code === HTAB

/** Without the optional white space around it: SP and HTAB, nothing else (RFC 9110 §5.6.3). */
export function trimWhiteSpace(text: string): string {
  // Two scans instead of a regular expression, which takes quadratic time over a long run of spaces.
  let from = 0
  let to = text.length
  while (from < to && isWhiteSpace(text.charCodeAt(from))) from++
  while (to > from && isWhiteSpace(text.charCodeAt(to - 1))) to--
  return text.slice(from, to)
}

/** The members of a comma-separated list (RFC 9110 §5.6.1), empty ones included; for lists without quoted strings. */
export function listMembers(value: string): string[] {
  return value.split(',').map(trimWhiteSpace)
}
