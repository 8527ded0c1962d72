import type { Stoppable } from './clock.js'
import type { TlsSettings } from './settings.js'

/**
 * A certificate and its matching private key. It is plain JSON, because the supervisor sends it to worker processes.
 */
export interface Credential {
  /** Identifies it in logs and metrics: the first name that it is issued for, and the type of its key. */
  readonly label: string
  /** The path of the certificate. */
  readonly file: string
  /** PEM: the certificate, followed by its intermediate certificates. */
  readonly chain: string
  /** PEM, not encrypted. */
  readonly key: string
  /** Such as `rsa`, `ec`. */
  readonly keyType: string
  /** The DNS names that it is issued for, wildcards included. */
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly beginsMs: number
  /** Milliseconds since 1970. */
  readonly expiresMs: number
}

/** The certificates of an HTTPS listener, and the authorities that it trusts for client certificates. */
export interface Credentials {
  /** The first is the default: it serves every name that no other certificate has. */
  readonly certificates: readonly [Credential, ...Credential[]]
  /** PEM: the CA certificates that must have signed client certificates; `null` where none are requested. */
  readonly clientAuthorities: string | null
}

/** Something wrong with a file of a certificate or key; a settings problem without its origin. */
export interface CredentialProblem {
  readonly key: string
  readonly found: string
  readonly wanted: string
}

/** The credentials, or everything that is wrong with their files. */
export type LoadedCredentials =
  { readonly credentials: Credentials } | { readonly problems: readonly CredentialProblem[] }

/** Loads credentials from files and watches the files. */
export interface CredentialSource {
  /**
   * Reads and checks all files, but not whether certificates have expired. Returns problems and never throws for them.
   */
  load(tls: TlsSettings): Promise<LoadedCredentials>
  /** Calls `changed`, never synchronously, after one of the files has changed. */
  watch(tls: TlsSettings, changed: () => void): Stoppable
}

/**
 * The secret from which the keys of session tickets are derived. It yields the keys of its period and of all later
 * periods, but of no earlier one.
 */
export interface TicketSeed {
  /** The number of periods since 1970. */
  readonly period: number
  /** 32 octets in hexadecimal. */
  readonly secret: string
}
