import { spawnSync } from 'node:child_process'
import type { CertificatePaths } from './certificate.js'
import type { TemporaryFolder } from './folder.js'

/** The properties of a certificate to make. */
export interface CertificateOptions {
  /** DNS names; the first one is also the common name of the subject. */
  readonly names: readonly string[]
  /** The kind of the key, by default `ec`. */
  readonly key?: 'ec' | 'rsa'
  /** The issuer that signs it; it is self-signed by default. */
  readonly by?: CertificatePaths
  /** Whether it may sign others. */
  readonly isAuthority?: boolean
  /** The first and the last moment of its validity, in the form of openssl: `20200101000000Z`. */
  readonly validity?: readonly [from: string, to: string]
}

/** Makes a certificate and its key in a folder, with openssl. */
export function makeCertificate(folder: TemporaryFolder, name: string, options: CertificateOptions): CertificatePaths {
  const { names, key = 'ec', by, isAuthority = false, validity } = options
  const [certFile, keyFile, request] = ['pem', 'key', 'csr'].map((end) => `${folder.path}/${name}.${end}`)
  const kind = key === 'ec' ? ['ec', '-pkeyopt', 'ec_paramgen_curve:P-256'] : ['rsa:2048']
  run(
    'req',
    '-new',
    '-newkey',
    ...kind,
    '-nodes',
    '-keyout',
    keyFile!,
    '-out',
    request!,
    '-subj',
    `/O=Tests/CN=${names[0]}`,
  )
  const extensions = folder.write(
    `${name}.ext`,
    `subjectAltName=${names.map((each) => `DNS:${each}`).join(',')}\nbasicConstraints=critical,CA:${isAuthority}\n`,
  )
  const signer =
    by === undefined ? ['-signkey', keyFile!] : ['-CA', by.certFile, '-CAkey', by.keyFile, '-CAcreateserial']
  if (validity === undefined) {
    run('x509', '-req', '-in', request!, ...signer, '-days', '30', '-extfile', extensions, '-out', certFile!)
  } else {
    signFor(validity, {
      request: request!,
      extensions,
      certFile: certFile!,
      by: by ?? { certFile: certFile!, keyFile: keyFile! },
      folder,
    })
  }
  return { certFile: certFile!, keyFile: keyFile! }
}

interface Signing {
  readonly request: string
  readonly extensions: string
  readonly certFile: string
  readonly by: CertificatePaths
  readonly folder: TemporaryFolder
}

/** Signs with `openssl ca`, because only that accepts a given validity. */
function signFor([from, to]: readonly [string, string], { request, extensions, certFile, by, folder }: Signing): void {
  const [database, serial] = [folder.write('ca.index', ''), folder.write('ca.serial', '0A\n')]
  const config = folder.write(
    'ca.conf',
    `[ca]\ndefault_ca=a\n[a]\ndatabase=${database}\nserial=${serial}\nnew_certs_dir=${folder.path}\ndefault_md=sha256\n` +
      `policy=p\nunique_subject=no\n[p]\ncommonName=supplied\norganizationName=optional\n`,
  )
  const signer =
    by.certFile === certFile ? ['-selfsign', '-keyfile', by.keyFile] : ['-cert', by.certFile, '-keyfile', by.keyFile]
  const parameters = ['-batch', '-config', config, '-in', request, '-out', certFile, '-notext', '-extfile', extensions]
  run('ca', ...parameters, ...signer, '-startdate', from, '-enddate', to)
}

function run(...parameters: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', parameters, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`Cannot make a certificate: openssl ${parameters.join(' ')}: ${stderr}`)
}
