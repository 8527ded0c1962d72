/** Who may ask for what is for who looks after the server. */
import { createHash, timingSafeEqual } from 'node:crypto'
import { problem } from '../../domain/representation/problem.js'
import type { Handler, Request } from '../../ports/plugins/plugin.js'
import type { PluginRoute } from '../../ports/plugins/plugin-source.js'

/** A program sends the token as it is (RFC 6750 §2.1); a browser asks its user for it, as a password (RFC 7617). */
const CHALLENGES = [
  ['WWW-Authenticate', 'Bearer realm="portico"'],
  ['WWW-Authenticate', 'Basic realm="portico", charset="UTF-8"'],
] as const

/**
 * Routes that answer only who has the token.
 *
 * @param token empty: everyone has it
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

/** Compares digests, whose lengths are the same: how long it takes tells nothing of the token. */
function matcherOf(token: string): (text: string) => boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest()
  const wanted = digest(token)
  return (text) => timingSafeEqual(digest(text), wanted)
}

/** @returns `null` where there are none that could be the token */
function credentialsOf({ headers }: Request): string | null {
  const [, scheme, rest] = /^(bearer|basic) +([\w\-.~+/]+=*)$/i.exec(headers.get('authorization') ?? '') ?? []
  if (scheme === undefined || rest === undefined) return null
  return scheme.toLowerCase() === 'bearer' ? rest : passwordOf(Buffer.from(rest, 'base64').toString())
}

/** @param pair user and password; whatever the user is called */
function passwordOf(pair: string): string | null {
  const colon = pair.indexOf(':')
  return colon === -1 ? null : pair.slice(colon + 1)
}
