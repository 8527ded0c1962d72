import type { Stoppable } from '../../src/ports/operations/clock.js'
import type {
  Credential,
  Credentials,
  CredentialSource,
  LoadedCredentials,
} from '../../src/ports/operations/credentials.js'
import type { TlsSettings } from '../../src/ports/operations/settings.js'
import { FakeClock } from './fake-clock.js'

const DAY_MS = 24 * 60 * 60 * 1000

/** A certificate that is valid for ninety days from when fake clocks begin; nothing could be secured by it. */
function credentialOf(special: Partial<Credential> = {}): Credential {
  const nowMs = new FakeClock().wall()
  return {
    label: 'a.test ec',
    file: '/certs/a.pem',
    chain: 'CHAIN',
    key: 'KEY',
    keyType: 'ec',
    names: ['a.test'],
    beginsMs: nowMs - DAY_MS,
    expiresMs: nowMs + 90 * DAY_MS,
    ...special,
  }
}

export function credentialsOf(special: Partial<Credential> = {}): Credentials {
  return { certificates: [credentialOf(special)], clientAuthorities: null }
}

/** Certificates that come from the test. */
export class FakeCredentials implements CredentialSource {
  /** The result of the next load. */
  loaded: LoadedCredentials = { credentials: credentialsOf() }
  /** The settings of each load so far. */
  readonly asked: TlsSettings[] = []
  readonly watchers = new Set<() => void>()

  load(tls: TlsSettings): Promise<LoadedCredentials> {
    this.asked.push(tls)
    return Promise.resolve(this.loaded)
  }

  watch(_: TlsSettings, changed: () => void): Stoppable {
    this.watchers.add(changed)
    return { stop: () => void this.watchers.delete(changed) }
  }

  /** The files change, and are then like this. */
  change(loaded: LoadedCredentials): void {
    this.loaded = loaded
    for (const changed of [...this.watchers]) changed()
  }
}
