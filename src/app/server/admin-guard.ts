/** Guards the admin routes with a token. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { problem } from '../../domain/representation/problem.js'
import type { Handler, Request } from '../../ports/plugins/plugin.js'
import type { PluginRoute } from '../../ports/plugins/plugin-source.js'

/** A program sends the token as a bearer token (RFC 6750 §2.1). A browser asks its user for a password (RFC 7617): the token. */
const CHALLENGES = [
  ['WWW-Authenticate', 'Bearer realm="portico"'],
  ['WWW-Authenticate', 'Basic realm="portico", charset="UTF-8"'],
] as const

/**
 * Makes the admin routes answer 401 to a request without the token, and returns all other routes unchanged.
 *
 * @param token empty for routes without a guard
 */
export function guarded(routes: readonly PluginRoute[], token: string): readonly PluginRoute[] {
  if (token === '') return routes
  const isToken = matcherOf(token)
  return routes.map((route) => (route.admin ? { ...route, handler: guard(route.handler, isToken) } : route))
}

function guard(handler: Handler, isToken: (text: string) => boolean): Handler {
  return (request) => {
    const given = credentialsOf(request)
    return given !== null && isToken(given) ? handler(request) : problem(401, request.headers.get('accept'), CHALLENGES)
  }
}

/** Compares digests in constant time: they have equal lengths, so the time tells nothing about the token. */
function matcherOf(token: string): (text: string) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  const wanted = digest(token)
  return (text) => timingSafeEqual(digest(text), wanted)
}

/** @returns the token or password of the `Authorization` field; `null` when it has neither */
function credentialsOf({ headers }: Request): string | null {
  const [, scheme, rest] = /^(bearer|basic) +([\w\-.~+/]+=*)$/i.exec(headers.get('authorization') ?? '') ?? []
  if (scheme === undefined || rest === undefined) return null
  return scheme.toLowerCase() === 'bearer' ? rest : passwordOf(Buffer.from(rest, 'base64').toString())
}

/** @param pair `user:password`; any user name is accepted */
function passwordOf(pair: string): string | null {
  const colon = pair.indexOf(':')
  return colon === -1 ? null : pair.slice(colon + 1)
}
