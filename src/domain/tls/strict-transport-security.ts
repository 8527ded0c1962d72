const DIRECTIVE = /^([\w!#$%&'*+.^`|~-]+)(?:[ \t]*=[ \t]*([\w!#$%&'*+.^`|~-]+|"[\t !#-[\]-~]*"))?$/

/**
 * Whether browsers take it for a `Strict-Transport-Security` field (RFC 6797 §6.1): directives between semicolons, none of
 * them twice, with `max-age` in seconds among them. What they do not take they ignore without a word.
 */
export function isStrictTransportSecurity(text: string): boolean {
  const directives = text.split(';').flatMap((part) => {
    const trimmed = part.replace(/^[ \t]+|[ \t]+$/g, '')
    return trimmed === '' ? [] : [DIRECTIVE.exec(trimmed)]
  })
  const values = new Map<string, string | undefined>()
  for (const directive of directives) {
    const name = directive?.[1]!.toLowerCase()
    if (name === undefined || values.has(name)) return false
    values.set(name, directive![2])
  }
  return /^("?)\d+\1$/.test(values.get('max-age') ?? '') && values.get('includesubdomains') === undefined
}
