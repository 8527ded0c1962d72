import { heaviest, preferences, weightOf } from './quality-list.js'

/** A content coding (RFC 9110 §8.4.1) in which a representation may be stored; `identity` means no coding. */
export type ContentCoding = 'br' | 'gzip' | 'identity'

/** The weight of `identity` when it is not named: acceptable (§12.5.3), but after every coding that is named. */
const LEAST_WEIGHT = 0.0001

/**
 * Chooses a content coding by `Accept-Encoding` (RFC 9110 §12.5.3). When several are available, the response must carry
 * `Vary: Accept-Encoding`.
 *
 * @param acceptEncoding the field's value, `null` without the field: then only `identity` is acceptable
 * @param available the codings to choose from; of two with the same weight, the earlier one wins
 * @returns `null` when none is acceptable, to be answered with 406
 */
export function preferredCoding(
  acceptEncoding: string | null,
  available: readonly ContentCoding[],
): ContentCoding | null {
  if (acceptEncoding === null) return available.includes('identity') ? 'identity' : null
  const wanted = preferences(acceptEncoding).map(({ name, weight }) => ({ name: withoutAlias(name), weight }))
  const unnamed = (coding: ContentCoding): number => (coding === 'identity' ? LEAST_WEIGHT : 0)
  return heaviest(available, (coding) => weightOf(coding, wanted) ?? weightOf('*', wanted) ?? unnamed(coding))
}

/** "A recipient SHOULD consider "x-gzip" to be equivalent to "gzip"" (RFC 9110 §8.4.1.3). */
function withoutAlias(name: string): string {
  return name === 'x-gzip' ? 'gzip' : name
}
