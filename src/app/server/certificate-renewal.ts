import type { Clock, Stoppable } from '../../ports/operations/clock.js'
import type { CredentialProblem, Credentials, CredentialSource } from '../../ports/operations/credentials.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { TlsSettings } from '../../ports/operations/settings.js'
import { messageOf } from '../message-of.js'

/** Delay between the last change of a file and the reading: a certificate and its key change one after the other. */
const SETTLED_MS = 200

/** A certificate that expires within this time is logged as a warning. */
const SOON_MS = 14 * 24 * 60 * 60 * 1000

const DAY_MS = 24 * 60 * 60 * 1000

/** The collaborators of a renewal. */
export interface CertificateRenewalParts {
  readonly source: CredentialSource
  readonly clock: Clock
  readonly log: EventLog
  /**
   * Uses new credentials for new connections.
   *
   * @throws {Error} when they cannot be used; the old ones stay in use
   */
  readonly use: (credentials: Credentials) => void
}

/**
 * Reloads certificates when their files change. It refuses new ones that are broken, do not fit their key or are not valid
 * now; the old ones then stay in use.
 */
export class CertificateRenewal {
  /** The number of reloads that succeeded, and of those that were refused. */
  readonly counts = { done: 0, refused: 0 }
  private tls: TlsSettings | null = null
  private watching: Stoppable | null = null
  private settling: Stoppable | null = null
  private isRenewing = false
  /** Whether the files must be read again after the current reading. */
  private again = false

  constructor(private readonly parts: CertificateRenewalParts) {}

  /** Watches the files of these settings from now on. */
  begin(tls: TlsSettings, credentials: Credentials): void {
    this.stop()
    this.tls = tls
    this.watching = this.parts.source.watch(tls, () => this.changed())
    this.warn(credentials)
  }

  /** Reads the files now. Resolves when their certificates are in use or refused, or at once while another call reads them. */
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

  /** Stops watching the files. */
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
    const problems = 'problems' in loaded ? loaded.problems : this.apply(loaded.credentials)
    if (problems.length > 0) this.refuse(problems)
  }

  /** @returns the problems for which the credentials are refused; empty when they are in use now */
  private apply(credentials: Credentials): readonly CredentialProblem[] {
    const expired = expiredAmong(credentials, this.parts.clock.wall())
    if (expired.length > 0) return expired
    try {
      this.parts.use(credentials)
    } catch (error) {
      return [{ key: 'tls', found: messageOf(error), wanted: 'certificates that the server can use' }]
    }
    this.counts.done++
    this.parts.log.info('certificates reloaded', { certificates: described(credentials) })
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
      if (leftMs <= 0) this.parts.log.error('certificate expired', facts)
      else if (leftMs < SOON_MS) this.parts.log.warn('certificate expiring', facts)
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
  const wanted = 'a certificate that is valid now'
  return certificates.flatMap(({ file, beginsMs, expiresMs }) => {
    const found = (state: string, at: number): CredentialProblem[] => [
      { key: 'tls.certFile', found: `"${file}", which ${state} ${new Date(at).toISOString()}`, wanted },
    ]
    if (expiresMs <= nowMs) return found('expired', expiresMs)
    return beginsMs > nowMs ? found('is not valid before', beginsMs) : []
  })
}
