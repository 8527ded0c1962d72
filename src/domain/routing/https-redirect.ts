/**
 * Redirects a request on the plain port to the same target over HTTPS (RFC 9110 §15.4.9).
 *
 * Unless a host is configured, it comes from the peer's `Host`, and other programs will interpret it in `Location`.
 * Therefore only hosts that every program interprets alike are accepted.
 */
import { problem } from '../representation/problem.js'
import type { RequestHead } from '../message/request-head.js'
import { ResponseFields } from '../message/response-fields.js'
import { Response } from '../message/response.js'
import { reasonPhrase } from '../message/status.js'

/** The address at which HTTPS is served. */
export interface HttpsRules {
  /** The host to redirect to, as written in a URI; `''` for the host that the request names. */
  readonly host: string
  readonly port: number
}

const HTTPS_PORT = 443

const ADVICE = 'This port only redirects to HTTPS, for which it needs a path, and a plain host name or address in Host.'

/**
 * Makes the response to a request on a port that only redirects: 308, which preserves method and content, or 400 when
 * there is no https URI to redirect to.
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
 * The https URI for the target of a request, with path and query as the peer sent them.
 *
 * @returns null when no acceptable host is known, and for the server as a whole (`*`), which has no https URI
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

/** The target without scheme and authority. An origin-form has neither, even when it looks like it does: `//host/`. */
function pathAndQuery(target: string): string {
  if (target.startsWith('/')) return target
  const rest = target.replace(/^https?:\/\/[^/?]*/i, '')
  return rest.startsWith('/') ? rest : `/${rest}`
}

// Labels of the domain name system (RFC 1035 §2.3.4), and the underscore, which occurs in practice.
const NAME_OR_IPV6 = /^(?=.{1,254}$)(?:[a-z0-9_-]{1,63}(?:\.[a-z0-9_-]{1,63})*\.?|\[[0-9a-f:.]+\])$/i

/**
 * Whether a host is safe in a `Location`: a plain DNS name, an IPv4 address, or an IPv6 address in brackets.
 *
 * Refuses every host that browsers turn into another one: to them `1.2.3` and `010.0.0.1` are addresses (WHATWG URL
 * §3.5), and `a.1` is an error. `URL` parses hosts as browsers do.
 */
export function isPlainHost(host: string): boolean {
  const uri = `https://${host}/`
  if (!NAME_OR_IPV6.test(host) || !URL.canParse(uri)) return false
  return host.startsWith('[') || new URL(uri).hostname === host.toLowerCase()
}
