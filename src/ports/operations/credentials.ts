import type { Stoppable } from './clock.js'
import type { TlsSettings } from './settings.js'

/** A certificate and its private key, read and found to fit. JSON can hold it: it goes to worker processes. */
export interface Credential {
  /** The name that it is told from others by in logs and metrics: the first that it is made out to, and the kind of its key. */
  readonly label: string
  /** Where it was read from. */
  readonly file: string
  /** PEM: the certificate, and behind it those that it is signed by. */
  readonly chain: string
  /** PEM, not encrypted. */
  readonly key: string
  /** Such as `rsa`, `ec`. */
  readonly keyType: string
  /** The DNS names that it is made out to, wildcards among them. */
  readonly names: readonly string[]
  /** Milliseconds since 1970. */
  readonly beginsMs: number
  readonly expiresMs: number
}

/** What an HTTPS listener proves itself and its peers by. */
export interface Credentials {
  /** The first answers for every name that no other has. */
  readonly certificates: readonly [Credential, ...Credential[]]
  /** PEM: who client certificates must be signed by; `null` where none are asked for. */
  readonly clientAuthorities: string | null
}

/** What is wrong with a file, in the words of a settings problem. */
export interface CredentialProblem {
  readonly key: string
  readonly found: string
  readonly wanted: string
}

export type LoadedCredentials =
  { readonly credentials: Credentials } | { readonly problems: readonly CredentialProblem[] }

/** Where credentials come from. */
export interface CredentialSource {
  /** Reads and judges all files, but not whether certificates have expired. Never throws for what is wrong with them. */
  load(tls: TlsSettings): Promise<LoadedCredentials>
  /** Calls back, in a later turn, when one of the files has changed. */
  watch(tls: TlsSettings, changed: () => void): Stoppable
}

/**
 * What session tickets are encrypted by. Who has it can make the keys of its period and of all that follow, but of none
 * before.
 */
export interface TicketSeed {
  /** Counted from 1970. */
  readonly period: number
  /** 32 octets, hexadecimal. */
  readonly secret: string
}
