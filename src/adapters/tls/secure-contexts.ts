import { constants, createHash } from 'node:crypto'
import { createSecureContext, type SecureContext } from 'node:tls'
import { ServerNames } from '../../domain/tls/server-names.js'
import type { Credential, Credentials } from '../../ports/operations/credentials.js'
import type { TlsSettings } from '../../ports/operations/settings.js'
import type { TicketKeys } from './ticket-keys.js'

/**
 * Forward secret and authenticated suites alone (RFC 9325 §4.2), those for TLS 1.3 first. With AES of 128 bits before 256:
 * it is as far beyond reach, and costs less.
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

/** Compression is off in Node anyway. A client without AES in its hardware may have ChaCha20, which it puts first then. */
const OPTIONS = constants.SSL_OP_NO_RENEGOTIATION | constants.SSL_OP_NO_COMPRESSION | constants.SSL_OP_PRIORITIZE_CHACHA

export type ContextSettings = Pick<TlsSettings, 'minVersion' | 'clientAuth' | 'ticketLifetimeMs'>

/** What connections are secured by, by the name that the peer asks for. */
export class SecureContexts {
  private readonly names: ServerNames<Credential>
  private readonly bySet = new Map<string, SecureContext>()
  private readonly usual: SecureContext

  /** @throws {Error} when the platform refuses a certificate or a key */
  constructor(
    private readonly settings: ContextSettings,
    private readonly tickets: TicketKeys,
    private readonly credentials: Credentials,
  ) {
    const { certificates } = credentials
    this.names = new ServerNames(certificates.map((value) => ({ names: value.names, value })))
    // All of the first one's kind: an RSA and an ECDSA certificate may have the same names.
    const [first] = certificates
    const peers = certificates.filter(({ names }) => sameNames(names, first.names))
    this.usual = this.contextOf(peers)
    for (const { names } of certificates) for (const name of names) this.for(name.replace(/^\*/, 'any'))
  }

  /** @param serverName `null` when the peer asked for none */
  for(serverName: string | null): SecureContext {
    const found = serverName === null ? [] : this.names.find(serverName)
    return found.length === 0 ? this.usual : this.contextOf(found)
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
      sessionIdContext: this.sessionsOf(certificates),
      sessionTimeout: Math.ceil(ticketLifetimeMs / 1000),
    })
    this.tickets.serve(context)
    return context
  }

  /**
   * Sessions go on only where they began: under the same names, and by the same rules for client certificates. A renewed
   * certificate goes on with them.
   */
  private sessionsOf(certificates: readonly Credential[]): string {
    const names = certificates.flatMap((each) => each.names)
    const rules = [this.settings.clientAuth, this.credentials.clientAuthorities, ...names]
    return createHash('sha256').update(JSON.stringify(rules)).digest('hex').slice(0, 32)
  }
}

const sameNames = (some: readonly string[], others: readonly string[]): boolean =>
  some.length === others.length && some.every((name) => others.includes(name))

/** Of several for one name and kind of key, the first. */
function onePerKeyType(certificates: readonly Credential[]): Credential[] {
  const seen = new Map<string, Credential>()
  for (const each of certificates) if (!seen.has(each.keyType)) seen.set(each.keyType, each)
  return [...seen.values()]
}
