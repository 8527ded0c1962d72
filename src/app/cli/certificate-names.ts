import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { CertificateName } from '../../ports/tools/development-certificate.js'

/** The names of the local machine. */
const LOCAL: readonly CertificateName[] = [
  { form: 'dns', text: 'localhost' },
  { form: 'ip', text: '127.0.0.1' },
  { form: 'ip', text: '::1' },
]

/** Letters, digits, and hyphens between them (RFC 1123 §2.1). */
const LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/

/** The longest name in octets, dots included (RFC 1035 §2.3.4). */
const MAX_LENGTH = 253

/** Lists the given names and then the names of the local machine, without duplicates. */
export function certificateNames(given: readonly CertificateName[]): CertificateName[] {
  const byText = new Map([...given, ...LOCAL].map((name) => [name.text, name]))
  return [...byText.values()]
}

/**
 * Converts a name that a person has written to the form that it has in certificates.
 *
 * @returns `null` when it is neither a DNS name, nor a wildcard that clients accept, nor an IP address
 */
export function certificateName(written: string): CertificateName | null {
  const text = asciiOf(written).toLowerCase()
  // A zone names an interface of one machine, and has no place in a certificate.
  if (isIP(text) !== 0 && !text.includes('%')) return { form: 'ip', text: shortest(text) }
  return isDnsName(text) || isWildcard(text) ? { form: 'dns', text } : null
}

/** Converts a name outside ASCII to its form in DNS and certificates, such as `xn--bcher-kva.test`. */
const asciiOf = (text: string): string => (/^[\0-\x7f]*$/.test(text) ? text : domainToASCII(text))

/** Normalizes IPv6 to the form that it has in URLs: the shortest, and without dots of IPv4. */
const shortest = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address

function isDnsName(text: string): boolean {
  const labels = text.split('.')
  // Clients read a host that ends in a number as an IPv4 address (WHATWG URL, "ends in a number").
  return text.length <= MAX_LENGTH && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1)!)
}

/**
 * Tells whether a text is a wildcard: `*` as the whole first label (RFC 9525 §6.3) of at least three. Clients refuse
 * wider ones, such as `*.test`.
 */
function isWildcard(text: string): boolean {
  const [first, ...rest] = text.split('.')
  return first === '*' && rest.length > 1 && text.length <= MAX_LENGTH && isDnsName(rest.join('.'))
}
