import { authorityOf } from '../domain/message/authority.js'
import type { Settings } from '../ports/settings.js'
import type { Addresses, Scheme } from '../ports/transport.js'

export const SCHEMES: readonly Scheme[] = ['http', 'https']

/** Where the settings want the server to listen. */
export function wantedAddresses({ host, port, tls }: Pick<Settings, 'host' | 'port' | 'tls'>): Addresses {
  return { http: tls.only ? null : { host, port }, https: tls.enabled ? { host, port: tls.port } : null }
}

/** As they are typed, such as `https://127.0.0.1:8443`. */
export function originsOf(addresses: Addresses): string[] {
  return SCHEMES.flatMap((scheme) => {
    const at = addresses[scheme]
    return at === null ? [] : `${scheme}://${authorityOf(at.host, at.port)}`
  })
}
