import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { CertificateName } from '../../ports/tools/development-certificate.js'

/** By what a machine calls itself. */
const LOCAL: readonly CertificateName[] = [
  { form: 'dns', text: 'localhost' },
  { form: 'ip', text: '127.0.0.1' },
  { form: 'ip', text: '::1' },
]

/** Letters, digits, and hyphens between them (RFC 1123 §2.1). */
const LABEL = /^[a-z\d](?:[a-z\d-]{0,61}[a-z\d])?$/

/** Of a whole name with its dots (RFC 1035 §2.3.4). */
const MAX_LENGTH = 253

/** Each name once: those asked for first, then those of this machine. */
export function certificateNames(asked: readonly CertificateName[]): CertificateName[] {
  const byText = new Map([...asked, ...LOCAL].map((name) => [name.text, name]))
  return [...byText.values()]
}

/**
 * What a person writes as a name, in the one form that certificates have.
 *
 * @returns null when it is neither a DNS name, nor a wildcard that clients take, nor an address
 */
export function certificateName(written: string): CertificateName | null {
  const text = asciiOf(written).toLowerCase()
  // A zone says which interface of this machine; that is nothing for a certificate.
  if (isIP(text) !== 0 && !text.includes('%')) return { form: 'ip', text: shortest(text) }
  return isDnsName(text) || isWildcard(text) ? { form: 'dns', text } : null
}

/** Certificates have names beyond ASCII as DNS has them, such as `xn--bcher-kva.test`. */
const asciiOf = (text: string): string => (/^[\0-\x7f]*$/.test(text) ? text : domainToASCII(text))

/** IPv6 in the form of a URL, so that each address is written in one way, and without the dots of IPv4 in it. */
const shortest = (address: string): string =>
  isIP(address) === 6 ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address

function isDnsName(text: string): boolean {
  const labels = text.split('.')
  // What ends in a number is a broken IPv4 address to every client (WHATWG URL, "ends in a number").
  return text.length <= MAX_LENGTH && labels.every((label) => LABEL.test(label)) && !/^\d+$/.test(labels.at(-1)!)
}

/** Open is the first label, as a whole (RFC 9525 §6.3), of three at least: what is wider, such as `*.test`, clients refuse. */
function isWildcard(text: string): boolean {
  const [first, ...rest] = text.split('.')
  return first === '*' && rest.length > 1 && text.length <= MAX_LENGTH && isDnsName(rest.join('.'))
}
