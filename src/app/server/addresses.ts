import { authorityOf } from '../../domain/message/authority.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { Addresses, ListenerName } from '../../ports/serving/transport.js'

export const LISTENER_NAMES: readonly ListenerName[] = ['http', 'https', 'admin']

/** Makes a record with one value for each listener. */
export function perListener<T>(valueOf: (listener: ListenerName) => T): Record<ListenerName, T> {
  return { http: valueOf('http'), https: valueOf('https'), admin: valueOf('admin') }
}

/** Where the settings want the server to listen. */
export function wantedAddresses({
  host,
  port,
  tls,
  admin,
}: Pick<Settings, 'host' | 'port' | 'tls' | 'admin'>): Addresses {
  return {
    http: tls.only ? null : { host, port },
    https: tls.enabled ? { host, port: tls.port } : null,
    admin: admin.listener === 'separate' ? { host: admin.host, port: admin.port } : null,
  }
}

/** What there is of addresses, as it is typed, such as `https://127.0.0.1:8443`. */
export function originsOf(addresses: Addresses): (readonly [entry: ListenerName, origin: string])[] {
  return LISTENER_NAMES.flatMap((entry) => {
    const at = addresses[entry]
    return at === null ? [] : [[entry, `${schemeOf(entry)}://${authorityOf(at.host, at.port)}`] as const]
  })
}

/** What is spoken there. */
export const schemeOf = (entry: ListenerName): 'http' | 'https' => (entry === 'https' ? 'https' : 'http')
