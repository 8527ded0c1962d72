/**
 * The target of a request (RFC 9112 §3.2) and the one normal form of its path.
 *
 * The normal form is what routing, authorization and file access all see, so that no two of them read one path two
 * ways. Escapes are decoded once, then dot segments are removed, so that `%2e%2e` counts as one. Three kinds of escape
 * stay, in upper case: `%2F`, since an encoded slash must never become a separator, `%25`, so that every `%` of the
 * form begins an escape, and octets that are not UTF-8. Hence two paths share a form only if they are equivalent.
 */
import { ProtocolError } from './protocol-error.js'

/** What a request is directed at. */
export interface RequestTarget {
  /** How it was written; authority-form is CONNECT's alone, and refused. */
  readonly form: 'origin' | 'absolute' | 'asterisk'
  /** In normal form, beginning with `/`; `*` for the server as a whole. */
  readonly path: string
  /** As the peer sent it, without the `?`; every `%` begins an escape. */
  readonly query: string
  /** The host in lower case, and the port where one was given: from the target, else from `Host`; `''` without either. */
  readonly authority: string
}

const SLASH = 0x2f
const PERCENT = 0x25
const DOT = 0x2e
const QUESTION_MARK = 0x3f

/**
 * @param target visible ASCII without `# " < > \`
 * @param host the value of the one `Host` field, `null` where HTTP/1.0 left it out; checked in every form (§3.2.2)
 * @param secure whether the connection is TLS
 * @throws {ProtocolError} `target`, `target-encoding` and `host` (400), `misdirected` (421)
 */
export function parseTarget(method: string, target: string, host: string | null, secure: boolean): RequestTarget {
  const authority = host === null ? '' : parseHost(host)
  if (target.charCodeAt(0) === SLASH) return split('origin', target, authority)
  if (target !== '*') return readAbsolute(method, target, secure)
  if (method !== 'OPTIONS') throw refusal('target', 'Cannot read target "*": it is for OPTIONS alone')
  return { form: 'asterisk', path: '*', query: '', authority }
}

const ABSOLUTE = /^(https?):\/\/([^/?]*)(.*)$/i

function readAbsolute(method: string, target: string, secure: boolean): RequestTarget {
  const parts = ABSOLUTE.exec(target)
  if (parts === null) throw refusal('target', `Cannot read target "${target}": wanted a path, or an http or https URI`)
  const [, scheme, authorityPart, rest] = parts as unknown as [string, string, string, string]
  if ((scheme.toLowerCase() === 'https') !== secure) throw misdirected(target, secure)
  const authority = parseAuthority(authorityPart)
  if (authority === null) throw refusal('target', `Cannot read target "${target}": wanted a host and at most a port`)
  // The server as a whole, as a proxy's last hop would write it (RFC 9112 §3.2.4).
  if (rest === '' && method === 'OPTIONS') return { form: 'asterisk', path: '*', query: '', authority }
  return split('absolute', rest.charCodeAt(0) === SLASH ? rest : `/${rest}`, authority)
}

/**
 * A URI must match the connection that it came over (RFC 9110 §7.4). That must hold for https over plain TCP; http over
 * TLS is refused likewise, since it names another origin than the one this connection was secured for.
 */
function misdirected(target: string, secure: boolean): ProtocolError {
  const found = secure ? 'a TLS connection' : 'a plain connection'
  return new ProtocolError(421, 'misdirected', `Cannot serve target "${target}" over ${found}`)
}

/** Parts path and query in one scan; a path that needs no work is returned as it came. */
function split(form: 'origin' | 'absolute', text: string, authority: string): RequestTarget {
  let isNormal = true
  let end = 0
  for (; end < text.length; end++) {
    const octet = text.charCodeAt(end)
    if (octet === QUESTION_MARK) break
    if (octet === PERCENT || (octet === DOT && text.charCodeAt(end - 1) === SLASH)) isNormal = false
  }
  const path = end === text.length ? text : text.slice(0, end)
  const query = text.slice(end + 1)
  checkEscapes(query)
  return { form, path: isNormal ? path : normalPath(path), query, authority }
}

/**
 * The normal form of an absolute path.
 *
 * @param path begins with `/`, visible ASCII
 * @throws {ProtocolError} 400 `target-encoding` for a `%` that begins no escape, and for `%00`
 */
export function normalPath(path: string): string {
  checkEscapes(path)
  if (path.includes('%00')) throw refusal('target-encoding', `Cannot read path "${path}": it holds a NUL`)
  return removeDotSegments(path.replace(ESCAPES, decodeEscapes))
}

const BROKEN_ESCAPE = /%(?![0-9A-Fa-f]{2})/

function checkEscapes(text: string): void {
  if (text === '' || !BROKEN_ESCAPE.test(text)) return
  throw refusal('target-encoding', `Cannot decode "${text}": a "%" lacks its two hexadecimal digits`)
}

// UTF-8 as RFC 3629 §4 writes it, each octet as an escape; without `%2F` and `%25`, which stay.
const TAIL = '%[89AB][0-9A-F]'
const UTF8 = [
  '%(?:[013-7][0-9A-F]|2[0-46-9A-E])',
  `%(?:C[2-9A-F]|D[0-9A-F])${TAIL}`,
  `%E0%[AB][0-9A-F]${TAIL}`,
  `%E[1-9A-CEF](?:${TAIL}){2}`,
  `%ED%[89][0-9A-F]${TAIL}`,
  `%F0%[9AB][0-9A-F](?:${TAIL}){2}`,
  `%F[1-3](?:${TAIL}){3}`,
  `%F4%8[0-9A-F](?:${TAIL}){2}`,
].join('|')
const ESCAPES = new RegExp(`((?:${UTF8})+)|%..`, 'gi')

const decodeEscapes = (escape: string, text: string | undefined): string =>
  text === undefined ? escape.toUpperCase() : decodeURIComponent(text)

/** RFC 3986 §5.2.4: `..` above the root stays at the root, empty segments are segments. */
function removeDotSegments(path: string): string {
  if (!path.includes('/.')) return path
  const kept: string[] = []
  const segments = path.slice(1).split('/')
  for (const segment of segments) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  const last = segments.at(-1)
  if (last === '.' || last === '..') kept.push('')
  return `/${kept.join('/')}`
}

/**
 * The value of a `Host` field (RFC 9110 §7.2) in normal form: the host in lower case, and the port where one is given.
 *
 * @param value without white space around it
 * @throws {ProtocolError} 400 `host` for anything but one host and at most one port
 */
export function parseHost(value: string): string {
  if (value === lastHost) return lastAuthority
  const authority = parseAuthority(value)
  if (authority === null) throw refusal('host', `Cannot read Host "${value}": wanted a host and at most a port`)
  lastHost = value
  lastAuthority = authority
  return authority
}

// A server is mostly asked by one name: to remember the last is worth 6 % of a plain request's work.
let lastHost: string | null = null
let lastAuthority = ''

// What nearly every request has, at a quarter of the cost of reading it apart.
const NORMAL_AUTHORITY = /^[a-z0-9.-]+(?::(?:[1-9][0-9]{0,3}|[1-5][0-9]{4}))?$/
// A registered name (RFC 3986 §3.2.2), but for the comma, with which it would read as a list. Dotted decimals are names.
const AUTHORITY = /^((?:[\w.~!$&'()*+;=-]|%[0-9A-Fa-f]{2})+|\[([0-9A-Fa-f:.]+)\])(?::([0-9]*))?$/

/** @returns `null` for what is not a host with at most a port */
function parseAuthority(text: string): string | null {
  if (NORMAL_AUTHORITY.test(text)) return text
  const parts = AUTHORITY.exec(text)
  if (parts === null) return null
  const [, host, ipv6, port = ''] = parts
  if (ipv6 !== undefined && !isIPv6(ipv6)) return null
  if (Number(port) > 65535) return null
  return host!.toLowerCase() + (port === '' ? '' : `:${Number(port)}`)
}

const HEX_GROUP = /^[0-9A-Fa-f]{1,4}$/
const IPV4 = /^(?:(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])(?:\.(?!$)|$)){4}$/

/** RFC 3986 §3.2.2: eight groups, the last two also as an IPv4 address; `::` once, for at least one group. */
function isIPv6(text: string): boolean {
  const halves = text.split('::')
  const groups = halves.flatMap((half) => (half === '' ? [] : half.split(':')))
  const endsInIPv4 = IPV4.test(groups.at(-1) ?? '') && !text.endsWith('::')
  if (endsInIPv4) groups.splice(-1, 1, '0', '0')
  if (!groups.every((group) => HEX_GROUP.test(group))) return false
  return halves.length === 1 ? groups.length === 8 : halves.length === 2 && groups.length <= 7
}

const refusal = (rule: 'target' | 'target-encoding' | 'host', detail: string): ProtocolError =>
  new ProtocolError(400, rule, detail)
