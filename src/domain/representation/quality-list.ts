/** Comma-separated lists with weights on their members (RFC 9110 §12.4.2). */
import { listMembers, partsOf } from '../octets/grammar.js'

/** A member of `Accept`, `Accept-Encoding` and their like. */
export interface Preference {
  /** What stands before the first `;`, in lower case. */
  readonly name: string
  /** The `q` parameter, 0 to 1; 1 without one. */
  readonly weight: number
}

const IS_WEIGHT = /^q[ \t]*(?:=|$)/
const WEIGHT = /^q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)$/

/**
 * Reads a list of weighted names. Parameters other than `q` are not looked at; a member whose `q` is malformed says
 * nothing and is left out.
 */
export function preferences(text: string): Preference[] {
  return listMembers(text).flatMap(preferenceOf)
}

/** The weight that a list gives to a name, `null` where the name is not in it; the highest, where it stands twice. */
export function weightOf(name: string, list: readonly Preference[]): number | null {
  const weights = list.filter((each) => each.name === name).map(({ weight }) => weight)
  return weights.length === 0 ? null : weights.reduce((a, b) => Math.max(a, b))
}

/** The offer that weighs most, the earlier of equals; `null` when all weigh nothing. */
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
