import { constants, createHash } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { ServerNames } from '../../domain/tls/server-names.js'
import type { Credential, Credentials } from '../../ports/operations/credentials.js'
import type { TlsSettings } from '../../ports/operations/settings.js'
import type { TicketKeys } from './ticket-keys.js'

/**
 * Only suites with forward secrecy and authenticated encryption (RFC 9325 §4.2), those of TLS 1.3 first. AES with 128 bits
 * comes before 256: breaking it is just as infeasible, and it costs less.
 */
const SUITES = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':')

const CURVES = 'X25519:P-256:P-384'

/** PRIORITIZE_CHACHA: a client that lists ChaCha20 first, because its hardware lacks AES, gets ChaCha20. */
const OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_PRIORITIZE_CHACHA

/** The settings that secure contexts depend on. */
export type ContextSettings = Pick<TlsSettings, 'minVersion' | 'clientAuth' | 'ticketLifetimeMs'>

/** One secure context of Node's for each set of certificates; the server name that the peer asks for selects it. */
export class SecureContexts {
  private readonly names: ServerNames<Credential>
  private readonly bySet = new Map<string, SecureContext>()
  private readonly fallback: SecureContext

  /** @throws {Error} when the platform refuses a certificate or a key */
  constructor(
    private readonly settings: ContextSettings,
    private readonly tickets: TicketKeys,
    private readonly credentials: Credentials,
  ) {
    const { certificates } = credentials
    this.names = new ServerNames(certificates.map((value) => ({ names: value.names, value })))
    // The default: an RSA and an ECDSA certificate may share the names of the first.
    const [first] = certificates
    const sameAsFirst = certificates.filter(({ names }) => sameNames(names, first.names))
    this.fallback = this.contextOf(sameAsFirst)
    // Made now, so that a certificate or key that the platform refuses is found at once.
    for (const { names } of certificates) for (const name of names) this.for(name.replace(/^\*/, 'any'))
  }

  /**
   * @param serverName the name that the peer asked for (RFC 6066 §3); `null` for none
   * @returns the context with the certificates for that name, or else with the first certificate
   */
  for(serverName: string | null): SecureContext {
    const found = serverName === null ? [] : this.names.find(serverName)
    return found.length === 0 ? this.fallback : this.contextOf(found)
  }

  private contextOf(certificates: readonly Credential[]): SecureContext {
    const set = onePerKeyType(certificates)
    const id = set.map(({ file }) => file).join('\0')
    const context = this.bySet.get(id) ?? this.make(set)
    this.bySet.set(id, context)
    return context
  }

  private make(certificates: readonly Credential[]): SecureContext {
    const { minVersion, ticketLifetimeMs } = this.settings
    const { clientAuthorities } = this.credentials
    const context = createSecureContext({
      cert: certificates.map(({ chain }) => chain),
      key: certificates.map(({ key }) => key),
      ...(clientAuthorities === null ? {} : { ca: clientAuthorities }),
      minVersion,
      ciphers: SUITES,
      ecdhCurve: CURVES,
      honorCipherOrder: true,
      secureOptions: OPTIONS,
      sessionIdContext: this.sessionIdContext(certificates),
      sessionTimeout: Math.ceil(ticketLifetimeMs / 1000),
    })
    this.tickets.applyTo(context)
    return context
  }

  /**
   * A session can be resumed only where the names and the rules for client certificates are those under which it began. It
   * survives the renewal of a certificate.
   */
  private sessionIdContext(certificates: readonly Credential[]): string {
    const names = certificates.flatMap((each) => each.names)
    const rules = [this.settings.clientAuth, this.credentials.clientAuthorities, ...names]
    return createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 32)
  }
}

const sameNames = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((name) => others.includes(name))

/** Keeps the first certificate of each type of key. */
function onePerKeyType(certificates: readonly Credential[]): Credential[] {
  const seen = new Map<string, Credential>()
  for (const each of certificates) if (!seen.has(each.keyType)) seen.set(each.keyType, each)
  return [...seen.values()]
}
