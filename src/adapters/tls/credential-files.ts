import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto'
import { unwatchFile, watchFile } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createSecureContext } from 'node:tls'
import type { Stoppable } from '../../ports/operations/clock.js'
import type {
  Credential,
  CredentialProblem,
  CredentialSource,
  LoadedCredentials,
} from '../../ports/operations/credentials.js'
import type { TlsSettings } from '../../ports/operations/settings.js'

/** A file that cannot be used, and why. */
class Unusable extends Error {
  constructor(
    readonly key: string,
    readonly found: string,
    readonly wanted: string,
  ) {
    super(`Cannot use ${key}: found ${found}, wanted ${wanted}`)
  }
}

/** The files of one certificate, and the keys of the settings that name them. */
interface Pair {
  readonly certFile: string
  readonly keyFile: string
  readonly passphraseFile: string | null
  readonly certKey: string
  readonly keyKey: string
  readonly passphraseKey: string
}

const CERTIFICATE_WANTED = 'a certificate in PEM, with those that sign it behind it'
const keyWanted = ({ certFile }: Pair): string => `the private key of "${certFile}" in PEM`

/** Certificates and keys from files in PEM. */
export class CredentialFiles implements CredentialSource {
  async load(tls: TlsSettings): Promise<LoadedCredentials> {
    const problems = new Problems()
    const certificates: (Credential | null)[] = []
    for (const pair of pairsOf(tls)) certificates.push(await credentialOf(pair, tls, problems))
    const isAsked = tls.clientAuth !== 'none'
    const clientAuthorities = isAsked ? await problems.noted(() => authoritiesOf(tls)) : null
    if (problems.all.length > 0) return { problems: problems.all }
    const [first, ...others] = certificates.filter((each) => each !== null)
    return { credentials: { certificates: [first!, ...others], clientAuthorities } }
  }

  /** Looks at the files as they are under their names, wherever links lead: that sees a renewal by whatever means. */
  watch(tls: TlsSettings, changed: () => void): Stoppable {
    const files = tls.watchIntervalMs === 0 ? [] : filesOf(tls)
    const options = { interval: tls.watchIntervalMs, persistent: false }
    const listener = (): void => changed()
    for (const file of files) watchFile(file, options, listener)
    return { stop: () => files.forEach((file) => unwatchFile(file, listener)) }
  }
}

/** The passphrase of the first is for all that have none of their own. */
function pairsOf({ certFile, keyFile, passphraseFile, certificates }: TlsSettings): Pair[] {
  const usual = { passphraseFile, passphraseKey: 'tls.passphraseFile' }
  const first: Pair = {
    certFile: certFile!,
    keyFile: keyFile!,
    certKey: 'tls.certFile',
    keyKey: 'tls.keyFile',
    ...usual,
  }
  const key = 'tls.certificates'
  const others = certificates.map(({ passphraseFile: own, ...files }): Pair => {
    const passphrase = own === null ? usual : { passphraseFile: own, passphraseKey: key }
    return { ...files, certKey: key, keyKey: key, ...passphrase }
  })
  return [first, ...others]
}

function filesOf(tls: TlsSettings): string[] {
  const named = pairsOf(tls).flatMap(({ certFile, keyFile, passphraseFile }) => [certFile, keyFile, passphraseFile])
  return [...new Set([...named, tls.clientCaFile].filter((file) => file !== null))]
}

/** Everything that is wrong, in the order of the settings, each thing once: one passphrase may be for several keys. */
class Problems {
  private readonly found = new Map<string, CredentialProblem>()

  get all(): CredentialProblem[] {
    return [...this.found.values()]
  }

  /** @returns what the work comes to; `null` when a file cannot be used for it, which is noted */
  async noted<T>(work: () => T | Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof Unusable)) throw error
      const { key, found, wanted } = error
      this.found.set(JSON.stringify([key, found]), { key, found, wanted })
      return null
    }
  }
}

/** @returns `null` with something noted */
async function credentialOf(pair: Pair, tls: TlsSettings, problems: Problems): Promise<Credential | null> {
  const { certFile, keyFile, certKey, keyKey } = pair
  // Both are read before either is judged: the files of a pair that change meanwhile are found out by not fitting.
  const certPem = await problems.noted(() => read(certFile, certKey, CERTIFICATE_WANTED))
  const keyPem = await problems.noted(() => read(keyFile, keyKey, keyWanted(pair)))
  const passphrase = await problems.noted(() => passphraseOf(pair, tls))
  const chain = certPem === null ? null : await problems.noted(() => certificatesIn(certPem, certFile, certKey))
  if (keyPem === null || passphrase === null) return null
  const key = await problems.noted(() => openKey(keyPem, pair, passphrase))
  return chain === null || key === null ? null : problems.noted(() => fitted(pair, chain, key))
}

/** @throws {Unusable} */
function fitted(pair: Pair, certificates: readonly X509Certificate[], key: KeyObject): Credential {
  const leaf = certificates[0]!
  if (!leaf.checkPrivateKey(key)) throw mismatch(pair, certificates, key)
  const chain = certificates.map((each) => each.toString()).join('')
  const exported = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  judge(chain, exported, pair)
  const keyType = key.asymmetricKeyType ?? 'unknown'
  const names = namesOf(leaf)
  return {
    label: `${names[0] ?? leaf.subject.split('\n').join(' ')} ${keyType}`,
    file: pair.certFile,
    chain,
    key: exported,
    keyType,
    names,
    beginsMs: Date.parse(leaf.validFrom),
    expiresMs: Date.parse(leaf.validTo),
  }
}

/** @throws {Unusable} */
async function authoritiesOf({ clientCaFile }: TlsSettings): Promise<string> {
  const file = clientCaFile!
  const key = 'tls.clientCaFile'
  const pem = await read(file, key, 'certificates in PEM that client certificates are signed by')
  return certificatesIn(pem, file, key)
    .map((each) => each.toString())
    .join('')
}

/** @throws {Unusable} */
async function passphraseOf({ passphraseFile, passphraseKey }: Pair, tls: TlsSettings): Promise<string> {
  if (passphraseFile === null) return tls.passphrase
  const text = await read(passphraseFile, passphraseKey, 'a file whose first line is the passphrase')
  return text.split(/\r?\n/, 1)[0]!
}

/** @throws {Unusable} */
async function read(file: string, key: string, wanted: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new Unusable(key, `"${file}", which cannot be read (${(error as NodeJS.ErrnoException).code})`, wanted)
  }
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

/** @throws {Unusable} */
function certificatesIn(pem: string, file: string, key: string): X509Certificate[] {
  const blocks = pem.match(CERTIFICATE) ?? []
  if (blocks.length === 0) throw new Unusable(key, `"${file}", which holds no certificate`, CERTIFICATE_WANTED)
  return blocks.map((block, at) => {
    try {
      return new X509Certificate(block)
    } catch {
      const which = blocks.length === 1 ? 'certificate' : `certificate ${at + 1} of ${blocks.length}`
      throw new Unusable(key, `"${file}", whose ${which} is damaged`, CERTIFICATE_WANTED)
    }
  })
}

/** @throws {Unusable} */
function openKey(pem: string, pair: Pair, passphrase: string): KeyObject {
  const { keyFile, keyKey } = pair
  try {
    return createPrivateKey({ key: pem, ...(passphrase === '' ? {} : { passphrase }) })
  } catch {
    const isEncrypted = /ENCRYPTED/.test(pem)
    if (!isEncrypted)
      throw new Unusable(keyKey, `"${keyFile}", which holds no private key that can be read`, keyWanted(pair))
    const state = passphrase === '' ? 'is encrypted' : 'the passphrase does not open'
    const remedy = 'a passphrase that opens it (PORTICO_TLS_PASSPHRASE, tls.passphraseFile)'
    throw new Unusable(keyKey, `"${keyFile}", which ${state}`, remedy)
  }
}

function mismatch(pair: Pair, certificates: readonly X509Certificate[], key: KeyObject): Unusable {
  const { certFile, keyFile, keyKey, certKey } = pair
  if (certificates.some((each) => each.checkPrivateKey(key))) {
    return new Unusable(certKey, `"${certFile}", where the key's certificate is not the first`, CERTIFICATE_WANTED)
  }
  return new Unusable(keyKey, `"${keyFile}", which belongs to another certificate`, keyWanted(pair))
}

/** Whether the platform would serve it: it may hold a key for too short, or a signature for too weak. */
function judge(chain: string, key: string, { certFile, certKey }: Pair): void {
  try {
    createSecureContext({ cert: chain, key })
  } catch (error) {
    const reason = (error as { reason?: string }).reason ?? (error as Error).message
    throw new Unusable(
      certKey,
      `"${certFile}", which cannot be served: ${reason}`,
      'a certificate that is strong enough',
    )
  }
}

/** The DNS names that a certificate is made out to: of its subject only where it has no others (RFC 9525 §6.1). */
function namesOf(certificate: X509Certificate): string[] {
  const alternatives = certificate.subjectAltName?.split(', ') ?? []
  const names = alternatives.flatMap((each) => /^DNS:([^"]+)$/.exec(each)?.[1] ?? [])
  if (certificate.subjectAltName !== undefined) return names
  return certificate.subject.split('\n').flatMap((part) => /^CN=(.+)$/.exec(part)?.[1] ?? [])
}
