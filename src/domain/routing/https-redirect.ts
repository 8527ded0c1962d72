/**
 * Where a request on the plain port is sent: to the same target over HTTPS (RFC 9110 §15.4.9).
 *
 * The host comes from the peer unless one is configured, and what goes into `Location` is read by another program than
 * ours: so only hosts that everybody reads alike may go there.
 */
import { problem } from '../representation/problem.js'
import type { RequestHead } from '../message/request-head.js'
import { ResponseFields } from '../message/response-fields.js'
import { Response } from '../message/response.js'
import { reasonPhrase } from '../message/status.js'

/** Where HTTPS is served. */
export interface HttpsRules {
  /** The host that peers are sent to, as it stands in a URI; `''` for the one that each of them asked for. */
  readonly host: string
  readonly port: number
}

const HTTPS_PORT = 443

const ADVICE = 'This port only redirects to HTTPS, for which it needs a path, and a plain host name or address in Host.'

/**
 * The answer to a request on a port that only redirects: 308, which keeps method and content, or 400 where there is
 * nowhere to send it.
 */
export function httpsRedirect(
  request: Pick<RequestHead, 'target' | 'path' | 'authority' | 'fields'>,
  rules: HttpsRules,
): Response<string> {
  const location = httpsLocation(request, rules)
  if (location === null) return problem(400, request.fields.get('accept'), [], ADVICE)
  const fields = new ResponseFields([
    ['Location', location],
    ['Content-Type', 'text/plain; charset=utf-8'],
  ])
  return new Response(308, fields, `308 ${reasonPhrase(308)}\nThis is served over HTTPS.\n`)
}

/**
 * The https URI of what a request asks for: path and query as the peer sent them.
 *
 * @returns null where no host is known that may stand in it, and for the server as a whole, which has no https URI
 */
export function httpsLocation(
  { target, path, authority }: Pick<RequestHead, 'target' | 'path' | 'authority'>,
  { host, port }: HttpsRules,
): string | null {
  if (path === '*') return null
  const to = host === '' ? authority.replace(/:[0-9]+$/, '') : host
  if (!isPlainHost(to)) return null
  return `https://${to}${port === HTTPS_PORT ? '' : `:${port}`}${pathAndQuery(target)}`
}

/** What the target has behind its authority. Of an origin-form that is all, even where it looks like one: `//host/`. */
function pathAndQuery(target: string): string {
  if (target.startsWith('/')) return target
  const rest = target.replace(/^https?:\/\/[^/?]*/i, '')
  return rest.startsWith('/') ? rest : `/${rest}`
}

// Labels as the domain name system has them (RFC 1035 §2.3.4), and the underscore, which some hosts have.
const NAME_OR_IPV6 = /^(?=.{1,254}$)(?:[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|\[[0-9a-f:.]+\])$/i

/**
 * Whether a host may stand in a `Location`: a plain DNS name, an IPv4 address, or an IPv6 address in brackets.
 *
 * What browsers read as another host than the one that is written is none: `1.2.3` and `010.0.0.1` are addresses to them
 * (WHATWG URL §3.5), `a.1` is an error. `URL` is how they read it.
 */
export function isPlainHost(host: string): boolean {
  const uri = `https://${host}/`
  if (!NAME_OR_IPV6.test(host) || !URL.canParse(uri)) return false
  return host.startsWith('[') || new URL(uri).hostname === host.toLowerCase()
}
