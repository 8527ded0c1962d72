/**
 * Lists in field values (RFC 9110 §5.6.1). The text comes from the peer, so each octet is looked at once, whatever stands
 * there: a regular expression that trims takes quadratic time over a long run of spaces.
 */

/** The members of a list, without the white space around them; empty members are left out. Quoted commas do not part. */
export function listMembers(text: string): string[] {
  return partsOf(text, ',').filter((member) => member !== '')
}

/**
 * Parts a text at each separator outside quoted strings (RFC 9110 §5.6.4); one that is not closed runs to the end. The
 * parts come without the white space around them.
 */
export function partsOf(text: string, separator: ',' | ';'): string[] {
  const parts: string[] = []
  let from = 0
  let quoted = false
  for (let at = 0; at < text.length; at++) {
    const character = text[at]
    if (character === '"') quoted = !quoted
    else if (character === '\\' && quoted) at++
    else if (character === separator && !quoted) {
      parts.push(trimmed(text, from, at))
      from = at + 1
    }
  }
  parts.push(trimmed(text, from, text.length))
  return parts
}

/** Without optional white space (RFC 9110 §5.6.3): `trim` would take NBSP for some, which is obs-text. */
function trimmed(text: string, from: number, to: number): string {
  while (from < to && isWhiteSpace(text[from])) from++
  while (from < to && isWhiteSpace(text[to - 1])) to--
  return text.slice(from, to)
}

function isWhiteSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t'
}
