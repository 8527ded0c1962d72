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

/** A file that cannot be used, in the form of a settings problem: the key, what was found, what is wanted. */
class UnusableFile extends Error {
  constructor(
    readonly key: string,
    readonly found: string,
    readonly wanted: string,
  ) {
    super(`Cannot use ${key}: found ${found}, wanted ${wanted}`)
  }
}

/** The files of one certificate, and the settings' keys that name them. */
interface CertificateFiles {
  readonly certFile: string
  readonly keyFile: string
  readonly passphraseFile: string | null
  readonly certKey: string
  readonly keyKey: string
  readonly passphraseKey: string
}

const CERTIFICATE_WANTED = 'a certificate in PEM, followed by its intermediate certificates'
const KEY_ORDER_WANTED = 'the certificate of the key first, then its intermediate certificates'
const keyWanted = ({ certFile }: CertificateFiles): string => `the private key of "${certFile}" in PEM`

/** Reads certificates and private keys from PEM files, and watches these for changes. */
export class CredentialFiles implements CredentialSource {
  async load(tls: TlsSettings): Promise<LoadedCredentials> {
    const problems = new Problems()
    const certificates: (Credential | null)[] = []
    for (const files of certificateFilesOf(tls)) certificates.push(await credentialOf(files, tls, problems))
    const asksClients = tls.clientAuth !== 'none'
    const clientAuthorities = asksClients ? await problems.noted(() => authoritiesOf(tls)) : null
    if (problems.all.length > 0) return { problems: problems.all }
    const [first, ...others] = certificates.filter((each) => each !== null)
    return { credentials: { certificates: [first!, ...others], clientAuthorities } }
  }

  /**
   * Polls the files under their configured names, through symbolic links, so that it notices a renewal however it is done:
   * a file may be overwritten, replaced, or a link may point to another file.
   */
  watch(tls: TlsSettings, changed: () => void): Stoppable {
    const files = tls.watchIntervalMs === 0 ? [] : filesOf(tls)
    const options = { interval: tls.watchIntervalMs, persistent: false }
    const listener = (): void => changed()
    for (const file of files) watchFile(file, options, listener)
    return { stop: () => files.forEach((file) => unwatchFile(file, listener)) }
  }
}

/** Certificates without a passphrase of their own use that of the first. */
function certificateFilesOf({ certFile, keyFile, passphraseFile, certificates }: TlsSettings): CertificateFiles[] {
  const shared = { passphraseFile, passphraseKey: 'tls.passphraseFile' }
  const first: CertificateFiles = {
    certFile: certFile!,
    keyFile: keyFile!,
    certKey: 'tls.certFile',
    keyKey: 'tls.keyFile',
    ...shared,
  }
  const key = 'tls.certificates'
  const others = certificates.map(({ passphraseFile: own, ...files }): CertificateFiles => {
    const passphrase = own === null ? shared : { passphraseFile: own, passphraseKey: key }
    return { ...files, certKey: key, keyKey: key, ...passphrase }
  })
  return [first, ...others]
}

function filesOf(tls: TlsSettings): string[] {
  const named = certificateFilesOf(tls).flatMap(({ certFile, keyFile, passphraseFile }) => [
    certFile,
    keyFile,
    passphraseFile,
  ])
  return [...new Set([...named, tls.clientCaFile].filter((file) => file !== null))]
}

/** Collects all problems in the order of the settings, each only once: several keys may share one passphrase file. */
class Problems {
  private readonly found = new Map<string, CredentialProblem>()

  get all(): CredentialProblem[] {
    return [...this.found.values()]
  }

  /** @returns the result of the work; `null` when a file cannot be used, which is then noted */
  async noted<T>(work: () => T | Promise<T>): Promise<T | null> {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof UnusableFile)) throw error
      const { key, found, wanted } = error
      this.found.set(JSON.stringify([key, found]), { key, found, wanted })
      return null
    }
  }
}

/** @returns `null` after a problem was noted */
async function credentialOf(files: CertificateFiles, tls: TlsSettings, problems: Problems): Promise<Credential | null> {
  const { certFile, keyFile, certKey, keyKey } = files
  // Both are read before either is checked: if a renewal replaces them meanwhile, the key does not fit its certificate.
  const certPem = await problems.noted(() => read(certFile, certKey, CERTIFICATE_WANTED))
  const keyPem = await problems.noted(() => read(keyFile, keyKey, keyWanted(files)))
  const passphrase = await problems.noted(() => passphraseOf(files, tls))
  const chain = certPem === null ? null : await problems.noted(() => certificatesIn(certPem, certFile, certKey))
  if (keyPem === null || passphrase === null) return null
  const key = await problems.noted(() => openKey(keyPem, files, passphrase))
  return chain === null || key === null ? null : problems.noted(() => fittingCredential(files, chain, key))
}

/** @throws {UnusableFile} when the key belongs to another certificate, or the platform refuses either */
function fittingCredential(
  files: CertificateFiles,
  certificates: readonly X509Certificate[],
  key: KeyObject,
): Credential {
  const leaf = certificates[0]!
  if (!leaf.checkPrivateKey(key)) throw mismatch(files, certificates, key)
  const chain = certificates.map((each) => each.toString()).join('')
  const exported = key.export({ type: 'pkcs8', format: 'pem' }).toString()
  checkServable(chain, exported, files)
  const keyType = key.asymmetricKeyType ?? 'unknown'
  const names = namesOf(leaf)
  return {
    label: `${names[0] ?? leaf.subject.split('\n').join(' ')} ${keyType}`,
    file: files.certFile,
    chain,
    key: exported,
    keyType,
    names,
    beginsMs: Date.parse(leaf.validFrom),
    expiresMs: Date.parse(leaf.validTo),
  }
}

/** @throws {UnusableFile} */
async function authoritiesOf({ clientCaFile }: TlsSettings): Promise<string> {
  const file = clientCaFile!
  const key = 'tls.clientCaFile'
  const pem = await read(file, key, 'certificates in PEM of the authorities that sign client certificates')
  return certificatesIn(pem, file, key)
    .map((each) => each.toString())
    .join('')
}

/** @throws {UnusableFile} */
async function passphraseOf({ passphraseFile, passphraseKey }: CertificateFiles, tls: TlsSettings): Promise<string> {
  if (passphraseFile === null) return tls.passphrase
  const text = await read(passphraseFile, passphraseKey, 'a file whose first line is the passphrase')
  return text.split(/\r?\n/, 1)[0]!
}

/** @throws {UnusableFile} */
async function read(file: string, key: string, wanted: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new UnusableFile(key, `"${file}", which cannot be read (${(error as NodeJS.ErrnoException).code})`, wanted)
  }
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]*-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g

/** @throws {UnusableFile} */
function certificatesIn(pem: string, file: string, key: string): X509Certificate[] {
  const blocks = pem.match(CERTIFICATE) ?? []
  if (blocks.length === 0) throw new UnusableFile(key, `"${file}", which holds no certificate`, CERTIFICATE_WANTED)
  return blocks.map((block, at) => {
    try {
      return new X509Certificate(block)
    } catch {
      const which = blocks.length === 1 ? 'certificate' : `certificate ${at + 1} of ${blocks.length}`
      throw new UnusableFile(key, `"${file}", whose ${which} is damaged`, CERTIFICATE_WANTED)
    }
  })
}

/** @throws {UnusableFile} */
function openKey(pem: string, files: CertificateFiles, passphrase: string): KeyObject {
  const { keyFile, keyKey } = files
  try {
    return createPrivateKey({ key: pem, ...(passphrase === '' ? {} : { passphrase }) })
  } catch {
    const isEncrypted = /ENCRYPTED/.test(pem)
    if (!isEncrypted)
      throw new UnusableFile(keyKey, `"${keyFile}", which holds no private key that can be read`, keyWanted(files))
    const state = passphrase === '' ? 'is encrypted' : 'the passphrase does not open'
    const remedy = 'its passphrase (PORTICO_TLS_PASSPHRASE, tls.passphraseFile)'
    throw new UnusableFile(keyKey, `"${keyFile}", which ${state}`, remedy)
  }
}

function mismatch(files: CertificateFiles, certificates: readonly X509Certificate[], key: KeyObject): UnusableFile {
  const { certFile, keyFile, keyKey, certKey } = files
  if (certificates.some((each) => each.checkPrivateKey(key))) {
    return new UnusableFile(certKey, `"${certFile}", where the key's certificate is not the first`, KEY_ORDER_WANTED)
  }
  return new UnusableFile(keyKey, `"${keyFile}", which belongs to another certificate`, keyWanted(files))
}

/** @throws {UnusableFile} when OpenSSL refuses it: the key may be too short, or the signature too weak */
function checkServable(chain: string, key: string, { certFile, certKey }: CertificateFiles): void {
  try {
    createSecureContext({ cert: chain, key })
  } catch (error) {
    const reason = (error as { reason?: string }).reason ?? (error as Error).message
    throw new UnusableFile(
      certKey,
      `"${certFile}", which cannot be served: ${reason}`,
      'a key and a signature that OpenSSL accepts, such as RSA 2048 with SHA-256',
    )
  }
}

/** The DNS names of a certificate; the name of its subject counts only where it has no alternative names (RFC 9525 §6.1). */
function namesOf(certificate: X509Certificate): string[] {
  const alternatives = certificate.subjectAltName?.split(', ') ?? []
  const names = alternatives.flatMap((each) => /^DNS:([^"]+)$/.exec(each)?.[1] ?? [])
  if (certificate.subjectAltName !== undefined) return names
  return certificate.subject.split('\n').flatMap((part) => /^CN=(.+)$/.exec(part)?.[1] ?? [])
}
