import { shareOf, workerCount } from '../../domain/workers/supervision.js'
import type { Clock } from '../../ports/operations/clock.js'
import type { Credentials, CredentialSource, TicketSeed } from '../../ports/operations/credentials.js'
import type { EventLog } from '../../ports/operations/event-log.js'
import type { WorkersMetrics } from '../../ports/operations/metrics.js'
import type { Settings } from '../../ports/operations/settings.js'
import type { Addresses } from '../../ports/serving/transport.js'
import type { TlsMaterial, WorkerConfiguration } from '../../ports/workers/worker-processes.js'
import type { Configuration } from '../configuration.js'
import { perListener } from '../server/addresses.js'
import { CertificateRenewal } from '../server/certificate-renewal.js'
import { NO_LISTENERS, type BoundListeners, type SupervisorListeners } from './supervisor-listeners.js'

/** The keys that encrypt session tickets. */
export interface Tickets {
  /** Makes the current keys in another process; changes when the keys rotate. */
  readonly seed: TicketSeed
}

/** The configuration, listeners and ticket keys that workers are started from. Each reload makes a new generation. */
export interface Generation extends Configuration {
  readonly listeners: BoundListeners
  /** `null` without HTTPS. */
  readonly tickets: Tickets | null
  /** How many workers serve. */
  readonly workers: number
}

/** The collaborators of `Generations`. */
export interface GenerationsParts {
  readonly listeners: SupervisorListeners
  readonly credentialSource: CredentialSource
  /** @param lifetimeMs of the tickets */
  readonly newTickets: (lifetimeMs: number) => Tickets
  readonly clock: Clock
  readonly log: EventLog
  /** Number of cores, for `workers: auto`. */
  readonly cores: number
  /** Passes changed certificates to the workers. */
  readonly renewed: (credentials: Credentials) => void
}

/** The generation that workers are started from, and the preparation of the next one. */
export class Generations {
  private generation: Generation | null = null
  private readonly renewal: CertificateRenewal

  constructor(private readonly parts: GenerationsParts) {
    const { credentialSource: source, clock, log } = parts
    this.renewal = new CertificateRenewal({ source, clock, log, use: (credentials) => this.renew(credentials) })
  }

  /** Only after the first `use`. */
  get current(): Generation {
    return this.generation!
  }

  /** Certificate renewals, counted. */
  get renewals(): WorkersMetrics['renewals'] {
    return { ...this.renewal.counts }
  }

  /**
   * Prepares the generation of a configuration. Listeners whose address stays the same are used again, and so are the
   * ticket keys, so that TLS sessions can be resumed across a reload.
   *
   * @throws {ListenError} when it cannot listen at one of the addresses; then nothing has changed
   */
  async prepare({ settings, credentials, socket }: Configuration): Promise<Generation> {
    const listeners = await this.parts.listeners.bind(settings, this.generation?.listeners ?? NO_LISTENERS)
    const workers = workerCount(settings.workers, this.parts.cores)
    return { settings, credentials, socket, listeners, tickets: this.ticketsFor(settings), workers }
  }

  /** Starts workers from this generation from now on. */
  use(generation: Generation): void {
    this.generation = generation
  }

  /** Watches the certificate files of the current generation. */
  watchCredentials(): void {
    const { settings, credentials } = this.current
    if (credentials !== null) this.renewal.begin(settings.tls, credentials)
  }

  /** Ends the watch of certificate files. */
  stopWatching(): void {
    this.renewal.stop()
  }

  private ticketsFor({ tls }: Settings): Tickets | null {
    if (!tls.enabled) return null
    const isSame = this.generation?.settings.tls.ticketLifetimeMs === tls.ticketLifetimeMs
    return (isSame ? this.current.tickets : null) ?? this.parts.newTickets(tls.ticketLifetimeMs)
  }

  private renew(credentials: Credentials): void {
    this.generation = { ...this.current, credentials }
    this.parts.renewed(credentials)
  }
}

/** The addresses that a generation listens on. */
export function addressesOf({ listeners }: Generation): Addresses {
  return perListener((name) => listeners[name]?.listening.address ?? null)
}

/**
 * The configuration of one worker of a generation.
 *
 * @param worker its number, from 1
 * @param state of the worker group when the worker starts
 */
export function workerConfiguration(
  generation: Generation,
  worker: number,
  state: Pick<WorkerConfiguration, 'trouble' | 'workers' | 'coloured'>,
): WorkerConfiguration {
  const { settings, socket, workers } = generation
  const maxConnections = shareOf(settings.maxConnections, workers)
  // The worker receives decrypted keys, so it does not need the passphrase.
  const tls = { ...settings.tls, passphrase: '' }
  return {
    worker,
    settings: { ...settings, maxConnections, tls },
    addresses: addressesOf(generation),
    tlsMaterial: tlsMaterialOf(generation),
    socket,
    ...state,
  }
}

function tlsMaterialOf({ credentials, tickets }: Generation): TlsMaterial | null {
  return credentials === null || tickets === null ? null : { credentials, tickets: tickets.seed }
}
