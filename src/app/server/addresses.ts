import { authorityOf } from '../../domain/message/authority.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { Addresses, ListenerName } from '../../ports/serving/transport.js'

/** All listeners, in the order of the banner and the logs. */
export const LISTENER_NAMES: readonly ListenerName[] = ['http', 'https', 'admin']

/** Makes a record with one value for each listener. */
export function perListener<T>(valueOf: (listener: ListenerName) => T): Record<ListenerName, T> {
  return { http: valueOf('http'), https: valueOf('https'), admin: valueOf('admin') }
}

/** The addresses that the settings name for the listeners; `null` for a listener that is off. */
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

/** The URL of each open listener, such as `https://127.0.0.1:8443`. */
export function originsOf(addresses: Addresses): (readonly [listener: ListenerName, origin: string])[] {
  return LISTENER_NAMES.flatMap((listener) => {
    const at = addresses[listener]
    return at === null ? [] : [[listener, `${schemeOf(listener)}://${authorityOf(at.host, at.port)}`] as const]
  })
}

/** The URL scheme of a listener; the admin listener uses plain HTTP. */
export const schemeOf = (listener: ListenerName): 'http' | 'https' => (listener === 'https' ? 'https' : 'http')
