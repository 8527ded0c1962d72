import { partsOf } from '../octets/grammar.js'
import { heaviest, preferences, weightOf, type Preference } from './quality-list.js'

/**
 * Adds `charset=utf-8` to a media type where a charset helps the peer (RFC 9110 §8.3.2): to text and JavaScript.
 *
 * JSON gets none: it has no such parameter and is always UTF-8 (RFC 8259 §8.1, §11). XML gets none either: its first
 * line declares the encoding, and a parameter would override it (RFC 7303 §3). A type that has a charset keeps it.
 */
export function withCharset(mediaType: string): string {
  const [essence, ...parameters] = partsOf(mediaType.toLowerCase(), ';') as [string, ...string[]]
  const wantsCharset = (essence.startsWith('text/') && essence !== 'text/xml') || essence === 'application/javascript'
  const hasCharset = parameters.some((parameter) => parameter.startsWith('charset='))
  return wantsCharset && !hasCharset ? `${mediaType}; charset=utf-8` : mediaType
}

/**
 * Chooses a media type by `Accept` (RFC 9110 §12.5.1): the highest weight wins, and an offer takes the weight of
 * the most specific range. Parameters are not compared, since we offer each type in one form only.
 *
 * @param accept the field's value; when it is null or empty, every type is acceptable
 * @param offered the types to choose from; of two with the same weight, the earlier one wins
 * @returns one of `offered`, unchanged; `null` when none is acceptable
 */
export function preferred(accept: string | null, offered: readonly string[]): string | null {
  const ranges = preferences(accept ?? '')
  if (ranges.length === 0) return offered[0] ?? null
  return heaviest(offered, (offer) => weightOfOffer(essenceOf(offer), ranges))
}

function weightOfOffer(essence: string, ranges: readonly Preference[]): number {
  const anySubtype = `${essence.slice(0, essence.indexOf('/'))}/*`
  return weightOf(essence, ranges) ?? weightOf(anySubtype, ranges) ?? weightOf('*/*', ranges) ?? 0
}

/** Type and subtype in lower case, without parameters. */
function essenceOf(mediaType: string): string {
  return partsOf(mediaType, ';')[0]!.toLowerCase()
}
