/** Comma-separated lists with weights on their members (RFC 9110 §12.4.2). */
import { listMembers, partsOf } from '../octets/grammar.js'

/** A member of `Accept`, `Accept-Encoding` and their like. */
export interface Preference {
  /** The text before the first `;`, in lower case. */
  readonly name: string
  /** The `q` parameter, 0 to 1; 1 without one. */
  readonly weight: number
}

const IS_WEIGHT = /^q[ \t]*(?:=|$)/
const WEIGHT = /^q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/

/**
 * Reads a list of weighted names. Parameters other than `q` are ignored; a member whose `q` is malformed is left out.
 */
export function preferences(text: string): Preference[] {
  return listMembers(text).flatMap(preferenceOf)
}

/** The weight of a name in a list: the highest one if the name occurs twice, `null` if it does not occur. */
export function weightOf(name: string, list: readonly Preference[]): number | null {
  const weights = list.filter((each) => each.name === name).map(({ weight }) => weight)
  return weights.length === 0 ? null : weights.reduce((a, b) => Math.max(a, b))
}

/** The offer with the highest weight, the earlier one of equals; `null` when every weight is 0. */
export function heaviest<Offer>(offered: readonly Offer[], weigh: (offer: Offer) => number): Offer | null {
  let best: Offer | null = null
  let bestWeight = 0
  for (const offer of offered) {
    const weight = weigh(offer)
    if (weight > bestWeight) {
      best = offer
      bestWeight = weight
    }
  }
  return best
}

function preferenceOf(member: string): Preference[] {
  const [name, ...parameters] = partsOf(member.toLowerCase(), ';') as [string, ...string[]]
  const parameter = parameters.find((each) => IS_WEIGHT.test(each))
  if (parameter === undefined) return [{ name, weight: 1 }]
  const weight = WEIGHT.exec(parameter)?.[1]
  return weight === undefined ? [] : [{ name, weight: Number(weight) }]
}
