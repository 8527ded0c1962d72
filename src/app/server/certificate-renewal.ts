import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { CredentialProblem, Credentials, CredentialSource } from '../../ports/operations/credentials.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { TlsSettings } from '../../ports/operations/settings.js'
import { messageOf } from '../message-of.js'

/** Files that belong together change one after the other: so long after the last change they are read. */
const SETTLED_MS = 200

/** From when on it is worth a warning that a certificate expires. */
const SOON_MS = 14 * 24 * 60 * 60 * 1000

const DAY_MS = 24 * 60 * 60 * 1000

export interface CertificateRenewalParts {
  readonly source: CredentialSource
  readonly clock: Clock
  readonly log: EventLog
  /**
   * Takes up new credentials.
   *
   * @throws {Error} when they cannot be used: those before stay
   */
  readonly use: (credentials: Credentials) => void
}

/** Takes up certificates that change on the disk. Those that are broken, do not fit or have expired are refused: the ones before stay. */
export class CertificateRenewal {
  readonly counts = { done: 0, refused: 0 }
  private tls: TlsSettings | null = null
  private watching: Stoppable | null = null
  private settling: Stoppable | null = null
  private isRenewing = false
  private again = false

  constructor(private readonly parts: CertificateRenewalParts) {}

  /** Watches the files of these settings from now on. */
  begin(tls: TlsSettings, credentials: Credentials): void {
    this.stop()
    this.tls = tls
    this.watching = this.parts.source.watch(tls, () => this.changed())
    this.warn(credentials)
  }

  /** Reads the files now. Resolves when that came to something. */
  async renew(): Promise<void> {
    this.again = true
    if (this.isRenewing || this.tls === null) return
    this.isRenewing = true
    while (this.again) {
      this.again = false
      await this.renewOnce(this.tls)
    }
    this.isRenewing = false
  }

  stop(): void {
    this.watching?.stop()
    this.settling?.stop()
  }

  private changed(): void {
    this.settling?.stop()
    this.settling = this.parts.clock.after(SETTLED_MS, () => void this.renew())
  }

  private async renewOnce(tls: TlsSettings): Promise<void> {
    const loaded = await this.parts.source.load(tls)
    const problems = 'problems' in loaded ? loaded.problems : this.take(loaded.credentials)
    if (problems.length > 0) this.refuse(problems)
  }

  /** @returns why not; nothing when they are taken up */
  private take(credentials: Credentials): readonly CredentialProblem[] {
    const expired = expiredAmong(credentials, this.parts.clock.wall())
    if (expired.length > 0) return expired
    try {
      this.parts.use(credentials)
    } catch (error) {
      return [{ key: 'tls', found: messageOf(error), wanted: 'certificates that can be served' }]
    }
    this.counts.done++
    this.parts.log.info('certificates renewed', { certificates: described(credentials) })
    this.warn(credentials)
    return []
  }

  private refuse(problems: readonly CredentialProblem[]): void {
    this.counts.refused++
    this.parts.log.error('certificates refused', { problems })
  }

  private warn({ certificates }: Credentials): void {
    for (const { label: certificate, file, expiresMs } of certificates) {
      const leftMs = expiresMs - this.parts.clock.wall()
      const facts = { certificate, file, days: Math.floor(leftMs / DAY_MS) }
      if (leftMs <= 0) this.parts.log.error('certificate has expired', facts)
      else if (leftMs < SOON_MS) this.parts.log.warn('certificate expires soon', facts)
    }
  }
}

const described = ({ certificates }: Credentials): object[] =>
  certificates.map(({ label, file, expiresMs }) => ({
    certificate: label,
    file,
    expires: new Date(expiresMs).toISOString(),
  }))

function expiredAmong({ certificates }: Credentials, nowMs: number): CredentialProblem[] {
  const wanted = 'one that is valid now'
  return certificates.flatMap(({ file, beginsMs, expiresMs }) => {
    const found = (state: string, at: number): CredentialProblem[] => [
      { key: 'tls.certFile', found: `"${file}", which ${state} ${new Date(at).toISOString()}`, wanted },
    ]
    if (expiresMs <= nowMs) return found('expired', expiresMs)
    return beginsMs > nowMs ? found('is not valid before', beginsMs) : []
  })
}
