import { unixPath } from '../../domain/message/authority.js'
import type { Settings } from '../../ports/operations/settings.js'

/** Values that are valid each, but impossible together. */
export interface Combination {
  /** The key that the problem is reported for; then the keys that it conflicts with. */
  readonly keys: readonly [string, ...string[]]
  isImpossible(settings: Settings): boolean
  /** Completes "wanted …" in the message. */
  readonly wanted: string
}

interface Address {
  readonly host: string
  readonly port: number
}

const isUnix = ({ host }: Pick<Address, 'host'>): boolean => unixPath(host) !== null

/** Hosts that stand for every address of the machine. */
const WILDCARDS: readonly string[] = ['0.0.0.0', '::']

/** Whether two listeners cannot have these addresses at once. Port 0 never clashes: the system picks a free port. */
function clash(one: Address, other: Address): boolean {
  if (isUnix(one) || isUnix(other)) return one.host === other.host
  const differ = one.host !== other.host && !WILDCARDS.includes(one.host) && !WILDCARDS.includes(other.host)
  return one.port === other.port && one.port !== 0 && !differ
}

const httpsAddress = ({ host, tls }: Settings): Address => ({ host, port: tls.port })

const hasAdminListener = ({ admin }: Settings): boolean => admin.listener === 'separate'

/** All impossible combinations. */
export const COMBINATIONS: readonly Combination[] = [
  {
    keys: ['host', 'tls.enabled', 'tls.only'],
    isImpossible: ({ host, tls }) => isUnix({ host }) && tls.enabled && !tls.only,
    wanted: 'a host name or an IP address, or tls.only: a unix socket cannot serve both HTTP and HTTPS',
  },
  {
    keys: ['tls.certFile', 'tls.enabled'],
    isImpossible: ({ tls }) => tls.enabled && tls.certFile === null,
    wanted: 'the path of a certificate, since tls.enabled is true (portico cert makes one for development)',
  },
  {
    keys: ['tls.keyFile', 'tls.enabled'],
    isImpossible: ({ tls }) => tls.enabled && tls.keyFile === null,
    wanted: 'the path of the private key of tls.certFile, since tls.enabled is true',
  },
  {
    keys: ['tls.passphrase', 'tls.passphraseFile'],
    isImpossible: ({ tls }) => tls.passphrase !== '' && tls.passphraseFile !== null,
    wanted: 'no passphrase, since tls.passphraseFile is set',
  },
  {
    keys: ['tls.clientCaFile', 'tls.clientAuth'],
    isImpossible: ({ tls }) => tls.clientAuth !== 'none' && tls.clientCaFile === null,
    wanted: 'the path of CA certificates, since tls.clientAuth is request or require',
  },
  {
    keys: ['tls.only', 'tls.enabled'],
    isImpossible: ({ tls }) => tls.only && !tls.enabled,
    wanted: 'false, since tls.enabled is false: nothing would listen',
  },
  {
    keys: ['tls.redirectHttp', 'tls.enabled'],
    isImpossible: ({ tls }) => tls.redirectHttp && !tls.enabled,
    wanted: 'false, since tls.enabled is false: there is no HTTPS to redirect to',
  },
  {
    keys: ['tls.redirectHttp', 'tls.only'],
    isImpossible: ({ tls }) => tls.redirectHttp && tls.only && tls.enabled,
    wanted: 'false, since tls.only is true: there is no plain HTTP to redirect',
  },
  {
    keys: ['tls.port', 'port', 'tls.enabled', 'tls.only'],
    isImpossible: (settings) =>
      !isUnix(settings) && settings.tls.enabled && !settings.tls.only && clash(httpsAddress(settings), settings),
    wanted: 'a port other than that of plain HTTP (key port)',
  },
  {
    keys: ['admin.port', 'admin.listener', 'port'],
    isImpossible: (settings) => hasAdminListener(settings) && !settings.tls.only && clash(settings.admin, settings),
    wanted: 'an address other than that of plain HTTP (keys host and port)',
  },
  {
    keys: ['admin.port', 'admin.listener', 'tls.port'],
    isImpossible: (settings) =>
      hasAdminListener(settings) && settings.tls.enabled && clash(settings.admin, httpsAddress(settings)),
    wanted: 'an address other than that of HTTPS (keys host and tls.port)',
  },
]
