import { heaviest, preferences, weightOf } from './quality-list.js'

/** A content coding (RFC 9110 §8.4.1) in which a representation may lie ready; `identity` is none. */
export type ContentCoding = 'br' | 'gzip' | 'identity'

/** `identity` is acceptable unless it is refused (§12.5.3), but whoever names other codings would rather have those. */
const LEAST_WEIGHT = 0.0001

/**
 * Chooses a content coding by `Accept-Encoding` (RFC 9110 §12.5.3). Where the choice was between several, the response
 * carries `Vary: Accept-Encoding`.
 *
 * @param acceptEncoding the field's value; without the field a peer is sent `identity`: it never spoke of codings
 * @param available what there is to choose from; of those the peer likes equally, the earlier wins
 * @returns `null` when the peer refuses each of them, which is answered with 406
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
