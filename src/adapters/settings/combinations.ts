import { UNIX } from '../../domain/message/authority.js'
import type { Settings } from '../../ports/operations/settings.js'

/** Keys that each make sense, but not together. */
export interface Combination {
  /** The one that is told of first; then those that it must fit. */
  readonly keys: readonly [string, ...string[]]
  isImpossible(settings: Settings): boolean
  readonly wanted: string
}

interface Place {
  readonly host: string
  readonly port: number
}

const isUnix = ({ host }: Pick<Place, 'host'>): boolean => host.startsWith(UNIX)

/** Every address of the machine. */
const ALL: readonly string[] = ['0.0.0.0', '::']

/** Whether nobody can listen at both. Port 0 is whichever is free. */
function clash(one: Place, other: Place): boolean {
  if (isUnix(one) || isUnix(other)) return one.host === other.host
  const areApart = one.host !== other.host && !ALL.includes(one.host) && !ALL.includes(other.host)
  return one.port === other.port && one.port !== 0 && !areApart
}

const secure = ({ host, tls }: Settings): Place => ({ host, port: tls.port })

const isApart = ({ admin }: Settings): boolean => admin.listener === 'separate'

export const COMBINATIONS: readonly Combination[] = [
  {
    keys: ['host', 'tls.enabled', 'tls.only'],
    isImpossible: ({ host, tls }) => isUnix({ host }) && tls.enabled && !tls.only,
    wanted: 'an address, or tls.only: one unix socket cannot be both listeners',
  },
  {
    keys: ['tls.certFile', 'tls.enabled'],
    isImpossible: ({ tls }) => tls.enabled && tls.certFile === null,
    wanted: 'a certificate, since tls.enabled is true (portico cert makes one for this machine)',
  },
  {
    keys: ['tls.keyFile', 'tls.enabled'],
    isImpossible: ({ tls }) => tls.enabled && tls.keyFile === null,
    wanted: 'the private key of tls.certFile, since tls.enabled is true',
  },
  {
    keys: ['tls.passphrase', 'tls.passphraseFile'],
    isImpossible: ({ tls }) => tls.passphrase !== '' && tls.passphraseFile !== null,
    wanted: 'none, since tls.passphraseFile has one',
  },
  {
    keys: ['tls.clientCaFile', 'tls.clientAuth'],
    isImpossible: ({ tls }) => tls.clientAuth !== 'none' && tls.clientCaFile === null,
    wanted: 'certificates to judge client certificates by, since tls.clientAuth asks for those',
  },
  {
    keys: ['tls.only', 'tls.enabled'],
    isImpossible: ({ tls }) => tls.only && !tls.enabled,
    wanted: 'false, since tls.enabled is false: nothing would listen',
  },
  {
    keys: ['tls.redirectHttp', 'tls.enabled'],
    isImpossible: ({ tls }) => tls.redirectHttp && !tls.enabled,
    wanted: 'false, since tls.enabled is false: the redirect would lead nowhere',
  },
  {
    keys: ['tls.redirectHttp', 'tls.only'],
    isImpossible: ({ tls }) => tls.redirectHttp && tls.only && tls.enabled,
    wanted: 'false, since tls.only is true: no plain listener is there to redirect',
  },
  {
    keys: ['tls.port', 'port', 'tls.enabled', 'tls.only'],
    isImpossible: (settings) =>
      !isUnix(settings) && settings.tls.enabled && !settings.tls.only && clash(secure(settings), settings),
    wanted: 'another port than port has',
  },
  {
    keys: ['admin.port', 'admin.listener', 'port'],
    isImpossible: (settings) => isApart(settings) && !settings.tls.only && clash(settings.admin, settings),
    wanted: 'another place than host and port are',
  },
  {
    keys: ['admin.port', 'admin.listener', 'tls.port'],
    isImpossible: (settings) => isApart(settings) && settings.tls.enabled && clash(settings.admin, secure(settings)),
    wanted: 'another place than host and tls.port are',
  },
]
