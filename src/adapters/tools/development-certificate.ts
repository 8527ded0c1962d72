import { join } from 'node:path'
import type {
  CertificateName,
  CertificateOptions,
  DevelopmentCertificate,
} from '../../ports/tools/development-certificate.js'
import type { WriteNew } from '../../ports/tools/new-files.js'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** How long before now the validity begins, for clients whose clocks are behind. */
const BEFORE_MS = HOUR_MS
/** How long the certificate is valid. Clients refuse certificates that are valid for more than 398 days. */
const VALID_MS = 365 * DAY_MS

/** The permissions of a new folder: only its owner may enter it. */
const PRIVATE = 0o700

/** The longest common name (RFC 5280 appendix A.1, `ub-common-name`). */
const COMMON_NAME_LENGTH = 64

/** Types of `GeneralName` (RFC 5280 §4.2.1.6), as selfsigned numbers them. */
const DNS_NAME = 2
const IP_ADDRESS = 7

/** The names of the certificate and its validity. */
interface Content {
  readonly names: readonly CertificateName[]
  readonly begins: Date
  readonly expires: Date
}

/**
 * Makes `cert.pem` and `key.pem`: a P-256 key and a self-signed certificate for servers with these names.
 *
 * @param nowMs milliseconds since 1970-01-01 UTC
 * @throws {Error} see `MakeCertificate`
 */
export async function makeDevelopmentCertificate(
  { directory, names }: CertificateOptions,
  nowMs: number,
  writeNew: WriteNew,
): Promise<DevelopmentCertificate> {
  const [certFile, keyFile] = [join(directory, 'cert.pem'), join(directory, 'key.pem')]
  const { begins, expires } = validity(nowMs)
  const { cert, key } = await generatePair({ names, begins, expires })
  await writeNew({ path: directory, mode: PRIVATE }, [
    { path: certFile, text: cert, mode: 0o644 },
    { path: keyFile, text: key, mode: 0o600 },
  ])
  return { certFile, keyFile, expires }
}

function validity(nowMs: number): Pick<Content, 'begins' | 'expires'> {
  // Times in certificates are whole seconds.
  const now = Math.floor(nowMs / 1000) * 1000
  return { begins: new Date(now - BEFORE_MS), expires: new Date(now + VALID_MS) }
}

/** @returns the certificate and the key in PEM, the key as PKCS #8 */
async function generatePair({ names, begins, expires }: Content): Promise<{ cert: string; key: string }> {
  // Loaded only here: it costs 100 ms and 15 MB, and a server does not need it.
  const { generate } = await import('selfsigned')
  const pair = await generate([{ name: 'commonName', value: commonName(names) }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: begins,
    notAfterDate: expires,
    extensions: [
      // Not a CA: a client that trusts it must not trust certificates that its key signs for other names.
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: names.map(alternativeName) },
    ],
  })
  return { cert: `${pair.cert.trimEnd()}\n`, key: pair.private }
}

const commonName = (names: readonly CertificateName[]): string =>
  names.find(({ text }) => text.length <= COMMON_NAME_LENGTH)!.text

const alternativeName = ({ form, text }: CertificateName) =>
  form === 'dns' ? ({ type: DNS_NAME, value: text } as const) : ({ type: IP_ADDRESS, ip: text } as const)
