import { partsOf } from '../octets/grammar.js'
import { heaviest, preferences, weightOf, type Preference } from './quality-list.js'

/**
 * The media type with `charset=utf-8` where a charset helps the peer (RFC 9110 §8.3.2): on text and JavaScript.
 *
 * Not on JSON, which has no such parameter and is always UTF-8 (RFC 8259 §8.1, §11); and not on XML, whose first line
 * tells its encoding, which a parameter would overrule (RFC 7303 §3). A type that has a charset keeps it.
 */
export function withCharset(mediaType: string): string {
  const [essence, ...parameters] = partsOf(mediaType.toLowerCase(), ';') as [string, ...string[]]
  const wantsCharset = (essence.startsWith('text/') && essence !== 'text/xml') || essence === 'application/javascript'
  const hasCharset = parameters.some((parameter) => parameter.startsWith('charset='))
  return wantsCharset && !hasCharset ? `${mediaType}; charset=utf-8` : mediaType
}

/**
 * Chooses a media type by `Accept` (RFC 9110 §12.5.1): the highest weight wins, and the more specific range gives an
 * offer its weight. Parameters of ranges and offers are not compared: an offer is the one form we have of its type.
 *
 * @param accept the field's value; without one, or with an empty one, anything is welcome
 * @param offered what there is to choose from; of those the peer likes equally, the earlier wins
 * @returns one of `offered` as it was given, `null` when none is acceptable
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
