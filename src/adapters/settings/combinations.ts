import type { Settings } from '../../ports/settings.js'

/** Keys that each make sense, but not together. */
export interface Combination {
  /** The one that is told of first; then those that it must fit. */
  readonly keys: readonly [string, ...string[]]
  isImpossible(settings: Settings): boolean
  readonly wanted: string
}

/** Port 0 is whichever is free. */
const clashes = (one: number, other: number): boolean => one === other && one !== 0

export const COMBINATIONS: readonly Combination[] = [
  {
    keys: ['host', 'tls.enabled', 'tls.only'],
    isImpossible: ({ host, tls }) => host.startsWith('unix:') && tls.enabled && !tls.only,
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
    isImpossible: ({ port, tls }) => tls.enabled && !tls.only && clashes(tls.port, port),
    wanted: 'another port than port has',
  },
  {
    keys: ['admin.port', 'admin.listener', 'port'],
    isImpossible: ({ admin, port, tls }) => admin.listener === 'separate' && !tls.only && clashes(admin.port, port),
    wanted: 'another port than port has',
  },
  {
    keys: ['admin.port', 'admin.listener', 'tls.port'],
    isImpossible: ({ admin, tls }) => admin.listener === 'separate' && tls.enabled && clashes(admin.port, tls.port),
    wanted: 'another port than tls.port has',
  },
]
